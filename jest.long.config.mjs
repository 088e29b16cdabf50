import shared from './jest.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...shared,
  testMatch: ['**/test/long/*.test.ts', '**/greengrass-components/**/kill.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/cdk.out/', '/.fleetwright/'],
};
