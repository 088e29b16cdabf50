import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as z from 'zod';
import type { ComponentHost, LocalBus } from '../component.ts';
import { LiveConfiguration } from '../live-configuration.ts';
import { ManualClock } from './manual-clock.ts';
import { TestCloudBus } from './test-cloud-bus.ts';
import { TestLocalBus } from './test-local-bus.ts';
import { TestLog } from './test-log.ts';
import { TestShadows } from './test-shadows.ts';

export interface TestHostOptions {
  /** @default 'core-1' */
  readonly thingName?: string;
  /** Shared by the components of one core. @default a bus of its own */
  readonly bus?: TestLocalBus;
  readonly clock?: ManualClock;
  readonly cloud?: TestCloudBus;
  readonly shadows?: TestShadows;
  /** Of an earlier host: the component starts again. @default a new temporary one */
  readonly workDirectory?: string;
  /** Even draws in [0, 1). @default a fixed sequence */
  readonly random?: () => number;
}

/** What a component stands on, in memory. For tests. */
export class TestHost<S extends z.ZodType> implements ComponentHost<z.output<S>> {
  readonly configuration: LiveConfiguration<S>;
  readonly bus: TestLocalBus;
  readonly local: LocalBus;
  readonly cloud: TestCloudBus;
  readonly shadows: TestShadows;
  readonly clock: ManualClock;
  readonly random: () => number;
  readonly log = new TestLog();
  readonly workDirectory: string;
  readonly thingName: string;
  readonly #abort = new AbortController();

  /** @param configuration as in the recipe's defaults @throws ConfigurationRefused */
  constructor(schema: S, configuration: z.input<S>, options: TestHostOptions = {}) {
    this.configuration = new LiveConfiguration(schema, configuration, this.log);
    this.clock = options.clock ?? new ManualClock();
    this.bus = options.bus ?? new TestLocalBus();
    this.local = this.bus.portOf(this.log);
    this.cloud = options.cloud ?? new TestCloudBus(this.clock);
    this.shadows = options.shadows ?? new TestShadows();
    this.random = options.random ?? steadyDraws();
    this.workDirectory = options.workDirectory ?? mkdtempSync(join(tmpdir(), 'fleetwright-component-'));
    this.thingName = options.thingName ?? 'core-1';
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** As the nucleus does it. Call the component's `stop` too. */
  abort(): void {
    this.#abort.abort();
  }

  /** A deployment changes the configuration. @returns whether the schema took it */
  configure(configuration: unknown): boolean {
    return this.configuration.offer(configuration);
  }

  /** Removes the work directory. */
  remove(): void {
    rmSync(this.workDirectory, { recursive: true, force: true });
  }
}

/** The same draws at each run (mulberry32). */
function steadyDraws(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
