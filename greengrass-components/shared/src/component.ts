/** Time as a port of the components. */
export interface ComponentClock {
  /** ms since the Unix epoch */
  now(): number;
  /** ms of a clock that never jumps */
  monotonic(): number;
  after(milliseconds: number, task: () => void): { cancel(): void };
}

/** One line of the component's log: JSON on standard output, which the nucleus keeps. Never secrets. */
export interface ComponentLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Publish/subscribe between the components of a core (Greengrass developer guide, "Publish/subscribe local messages"). */
export interface LocalBus {
  /** JSON. Resolves when the nucleus has it. */
  publish(topic: string, message: object): Promise<void>;
  /** `+` and `#` as in MQTT. Messages come in order; what is no JSON is logged and left out. */
  subscribe(filter: string, onMessage: (message: unknown, topic: string) => void): Promise<{ end(): Promise<void> }>;
}

/** Publish/subscribe with AWS IoT Core as the core device ("Publish/subscribe AWS IoT Core MQTT messages"). */
export interface CloudBus {
  /** QoS 1. Resolves when the nucleus has taken it, which is not yet the cloud. Rejects when it cannot. */
  publish(topic: string, payload: Uint8Array): Promise<void>;
  subscribe(filter: string, onMessage: (payload: Uint8Array, topic: string) => void): Promise<{ end(): Promise<void> }>;
}

/** Shadows of the core device, over IPC ("Interact with local shadows"). */
export interface ShadowPort {
  /** Undefined when there is none. */
  get(shadowName: string): Promise<{ state: { desired?: object; reported?: object }; version: number } | undefined>;
  /** @returns the new version */
  update(shadowName: string, state: { desired?: object; reported?: object }): Promise<number>;
  /** Called when the desired state has changed. */
  onDesired(shadowName: string, task: (desired: object) => void): Promise<{ end(): Promise<void> }>;
}

/** The component's configuration, merged by the nucleus ("Interact with component configuration"). */
export interface ConfigurationPort<C> {
  /** As the schema reads it. */
  readonly current: C;
  /** After each change that the schema takes. One that it refuses is logged, and the last good one stays. @returns stops it */
  onChange(task: (configuration: C) => void): () => void;
}

/** What a component stands on. */
export interface ComponentHost<C> {
  readonly configuration: ConfigurationPort<C>;
  readonly local: LocalBus;
  readonly cloud: CloudBus;
  readonly shadows: ShadowPort;
  readonly clock: ComponentClock;
  /** Even draw in [0, 1). */
  readonly random: () => number;
  readonly log: ComponentLog;
  /** The component's own directory, which outlives its versions ("work" directory of the nucleus). */
  readonly workDirectory: string;
  /** Name of the core's thing. */
  readonly thingName: string;
  /** Aborts when the nucleus asks the component to stop. */
  readonly signal: AbortSignal;
}

/**
 * INVARIANTS
 * - `start` resolves when the component does its work; it then tells the nucleus RUNNING.
 * - A `kill -9` at any time loses nothing that the component has promised, and the next start goes on from there.
 * - After `stop` resolves nothing of the component keeps the process alive.
 */
export interface Component<C> {
  /** Reverse DNS, as in its recipe: `com.fleetwright.EdgeAggregator`. */
  readonly name: string;
  start(host: ComponentHost<C>): Promise<void>;
  stop(): Promise<void>;
}
