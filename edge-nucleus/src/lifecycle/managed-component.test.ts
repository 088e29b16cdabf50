import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecipe } from '../recipe/recipe.ts';
import type { ComponentState } from './component-state.ts';
import { ErrorCount } from './component-state.ts';
import { ManagedComponent } from './managed-component.ts';

/** Source: developer guide, "AWS IoT Greengrass component lifecycle" and the recipe reference, "Lifecycle". Scripts really run. */

let directory: string;
const made: ManagedComponent[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-component-'));
});
afterEach(async () => {
  await Promise.all(made.splice(0).map((component) => component.stop()));
  rmSync(directory, { recursive: true, force: true });
});

function component(steps: string, dependenciesReady: () => Promise<void> = async () => {}) {
  const recipe = readRecipe(
    `RecipeFormatVersion: '2020-01-25'\nComponentName: com.example.A\nComponentVersion: 1.0.0\nManifests:\n  - Lifecycle:\n${steps
      .trim()
      .split('\n')
      .map((line) => `      ${line}`)
      .join('\n')}`,
    'recipe.yaml',
  );
  const states: ComponentState[] = [];
  const lines: string[] = [];
  const managed = new ManagedComponent(
    {
      name: 'com.example.A',
      version: '1.0.0',
      lifecycle: () => recipe.Manifests[0]?.Lifecycle ?? { Setenv: {} },
      environment: { PATH: process.env.PATH ?? '' },
      directory,
    },
    {
      // Waits between restarts are cut short.
      clock: {
        now: () => Date.now(),
        after(milliseconds, task) {
          const timer = setTimeout(task, milliseconds / 20);
          return { cancel: () => clearTimeout(timer) };
        },
      },
      log: () => {},
      onLine: (_stream, line) => lines.push(line),
      onState: (state) => states.push(state),
      dependenciesReady,
    },
  );
  made.push(managed);
  return { managed, states, lines };
}

/** A process that has ended and was not collected yet is not alive. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function reached(managed: ManagedComponent, state: ComponentState): Promise<void> {
  for (let attempt = 0; attempt < 1_500; attempt++) {
    if (managed.state === state) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${managed.state}, not ${state}`);
}

test('it installs, runs with its environment, and finishes', async () => {
  const { lines, managed, states } = component(`
Setenv:
  WORD: hello
Install: echo installing
Run:
  Script: echo "$WORD $OTHER"; echo problem >&2
  Setenv:
    OTHER: world`);
  managed.start();
  await reached(managed, 'FINISHED');
  expect(states).toEqual(['INSTALLED', 'STARTING', 'RUNNING', 'FINISHED']);
  expect(lines.sort()).toEqual(['hello world', 'installing', 'problem']);
});

test('a component that fails while it runs is restarted, and broken after three failures in a row', async () => {
  const { managed, states } = component(`
Run: exit 7
Recover: echo recovered >> recoveries`);
  managed.start();
  await reached(managed, 'BROKEN');
  expect(states.filter((state) => state === 'RUNNING')).toHaveLength(3);
  expect(readFileSync(join(directory, 'recoveries'), 'utf8')).toBe('recovered\n'.repeat(3));
  managed.start();
  expect(managed.state).toBe('BROKEN');
  await managed.reinstall();
  await reached(managed, 'BROKEN');
  expect(states.filter((state) => state === 'RUNNING')).toHaveLength(6);
});

test('an install that fails is tried again', async () => {
  const { managed } = component(`
Install: test -e ready || { touch ready; exit 1; }
Run: sleep 60`);
  managed.start();
  await reached(managed, 'RUNNING');
});

test('stopping runs Shutdown, ends the whole process group, and stays stopped', async () => {
  const { managed, states } = component(`
Run: sleep 60 & echo $! > child; wait
Shutdown: echo bye > goodbye`);
  managed.start();
  await reached(managed, 'RUNNING');
  let child = 0;
  for (let attempt = 0; attempt < 1_000 && child === 0; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    try {
      child = Number(readFileSync(join(directory, 'child'), 'utf8'));
    } catch {
      // Not written yet.
    }
  }
  await managed.stop();
  expect(readFileSync(join(directory, 'goodbye'), 'utf8')).toBe('bye\n');
  expect(isAlive(child)).toBe(false);
  expect(states.slice(-2)).toEqual(['STOPPING', 'FINISHED']);
});

test('a Startup that hangs beyond its timeout has failed', async () => {
  const { managed, states } = component(`
Startup:
  Script: sleep 60
  Timeout: 1`);
  managed.start();
  await reached(managed, 'BROKEN');
  expect(states).not.toContain('RUNNING');
});

test('a component tells its own state while it starts and runs, and at no other time', async () => {
  const { managed, states } = component(`
Startup: sleep 60`);
  expect(managed.report('RUNNING')).toBe(false);
  managed.start();
  await reached(managed, 'STARTING');
  expect(managed.report('RUNNING')).toBe(true);
  expect(managed.state).toBe('RUNNING');
  expect(managed.report('ERRORED')).toBe(true);
  await reached(managed, 'STARTING');
  expect(states).toEqual([...['INSTALLED', 'STARTING', 'RUNNING', 'STOPPING', 'ERRORED', 'INSTALLED', 'STARTING']]);
});

test('it waits for what it depends on', async () => {
  let ready = (): void => {};
  const waiting = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const { managed } = component('Run: sleep 60', () => waiting);
  managed.start();
  await reached(managed, 'INSTALLED');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(managed.state).toBe('INSTALLED');
  ready();
  await reached(managed, 'RUNNING');
});

test('steps are skipped by what exists and by what is on the path', async () => {
  writeFileSync(join(directory, 'there'), '');
  const { lines, managed } = component(`
Install:
  Script: echo installed
  Skipif: exists ${directory}/there
Run:
  Script: echo ran
  Skipif: onpath sh`);
  managed.start();
  await reached(managed, 'FINISHED');
  expect(lines).toEqual([]);
});

test('errors count by state, in a row, for an hour', () => {
  const errors = new ErrorCount();
  expect([errors.errored('RUNNING', 0), errors.errored('STARTING', 1), errors.errored('RUNNING', 2)]).toEqual([
    false,
    false,
    false,
  ]);
  errors.left('STARTING');
  expect(errors.errored('RUNNING', 3)).toBe(true);
  expect(errors.errored('RUNNING', 3 + 3_600_000)).toBe(false);
});
