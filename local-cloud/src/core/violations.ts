/** A device that is at this moment in violation of a behavior of a security profile (developer guide, `device-defender-detect`). */
export interface ActiveViolation {
  readonly thingName: string;
  readonly securityProfileName: string;
  readonly behaviorName: string;
  readonly metricName: string | undefined;
  /** ms since the epoch */
  readonly lastViolationTime: number;
  /** Members of `MetricValue`: `count`, `number`, `strings` and so on. */
  readonly lastViolationValue: Readonly<Record<string, number | readonly (number | string)[] | undefined>>;
}

/** The port `violations`: what Device Defender knows, for those who derive from it. */
export interface ViolationDirectory {
  ofThing(thingName: string): readonly ActiveViolation[];
  /** Called with the thing's name within each change: listeners must not throw nor wait. */
  onChange(listener: (thingName: string) => void): void;
}
