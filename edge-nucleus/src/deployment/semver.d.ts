/** What the nucleus uses of `semver` 7, which has no types of its own. */
declare module 'semver' {
  export function satisfies(version: string, range: string): boolean;
  export function validRange(range: string): string | null;
  export function rcompare(a: string, b: string): -1 | 0 | 1;
  const semver: { satisfies: typeof satisfies; validRange: typeof validRange; rcompare: typeof rcompare };
  export default semver;
}
