// The project of unit tests alone: Stryker puts its own environment around tests, and does not look into `projects`.
import config from '../../jest.config.mjs';

const { displayName, ...unit } = config.projects.find(({ displayName }) => displayName === 'unit');
export default {
  ...unit,
  rootDir: '../..',
  setupFiles: ['<rootDir>/test/mutation/no-shrinking.ts'],
  testTimeout: config.testTimeout,
};
