import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

// The platform's own minimum is Node 20; the SDK's notice about coming versions only hides test output.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

// Where the workers of one run share what one of them synthesizes (test/support/assembly.ts).
if (process.env.FLEETWRIGHT_SHARED_ASSEMBLY === undefined) {
  const directory = join(tmpdir(), `fleetwright-shared-assembly-${randomUUID()}`);
  process.env.FLEETWRIGHT_SHARED_ASSEMBLY = directory;
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
}

/** Packages that ship only ES modules and so are compiled along with our own sources. */
const esModules = ['@middy', 'aedes', 'aedes-packet', 'aedes-persistence', 'mqemitter', 'hyperid'];

/** What takes minutes, or costs much for what it finds: `npm run test:long`. Kills of single components: one test kills them all in turn. */
export const LONG = ['/test/long/', '/greengrass-components/.*/kill\\.test\\.ts$'];

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/cdk.out/', '/.fleetwright/', ...LONG],
  // An end-to-end test has processes of its own beside its worker: more of them would only make each other late.
  maxWorkers: availableParallelism(),
  modulePathIgnorePatterns: ['/cdk.out/', '/.fleetwright/'],
  transform: {
    '^.+\\.(ts|js|mjs)$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules.join('|')})/)`],
  testTimeout: 30_000,
  // The device SDK's native threads hold a process for some seconds after its last client is closed.
  forceExit: true,
};
