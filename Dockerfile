# The service and the keyholder are the same image with another command; neither runs as root.
FROM node:24-bookworm-slim AS build
WORKDIR /custos
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm ci --no-audit --no-fund && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
WORKDIR /custos
ENV NODE_ENV=production
COPY --from=build /custos/node_modules ./node_modules
COPY --from=build /custos/dist ./dist
COPY package.json ./
COPY migrations ./migrations
# A volume that is mounted here takes over its owner.
RUN install -d -o node -g node -m 0700 /var/lib/custos
USER node
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["serve"]
