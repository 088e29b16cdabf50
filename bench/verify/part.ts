/** One part of the verification, and what came of it. */
export const PARTS = ['fuzz', 'kill', 'load', 'queue'] as const;
export type PartName = (typeof PARTS)[number];

export interface Invariant {
  readonly claim: string;
  readonly held: boolean;
  /** What was seen, in numbers. */
  readonly found: string;
}

export interface PartResult {
  readonly part: PartName;
  readonly seed: number;
  readonly seconds: number;
  /** What was done, one sentence each. */
  readonly tried: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
  readonly invariants: readonly Invariant[];
}

/** Says what is going on. */
export type Say = (text: string) => void;

export function brokenInvariants(results: readonly PartResult[]): string[] {
  return results.flatMap(({ part, invariants }) =>
    invariants.filter(({ held }) => !held).map(({ claim, found }) => `${part}: ${claim}: ${found}`),
  );
}

export function group(value: number): string {
  return value.toLocaleString('en-US');
}
