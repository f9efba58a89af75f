/** Names the keyholder to Nest's injector: in this process or behind a socket, the rest cannot tell. */
export const KEYHOLDER = Symbol('keyholder');
