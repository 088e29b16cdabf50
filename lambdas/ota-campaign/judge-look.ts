/** ms until a look that came before its state comes again, and after which its state cannot come any more */
export const EARLY_PAUSE = 3_000;
export const LONGEST_INVOCATION = 300_000;

export type LookVerdict =
  /** ms until it must come again */
  { readonly kind: 'again'; readonly after: number } | { readonly kind: 'now' | 'dropped' };

/**
 * What to do with a look that was arranged for `dueAt`, where the state expects one at `expectedAt`.
 *
 * A look is arranged before the state that expects it is saved, so it may come first. The invocation that saves it has ended,
 * one way or the other, when its time is over: until then a look that is ahead of its state comes again.
 */
export function judgeLook(expectedAt: number | undefined, dueAt: number, now: number): LookVerdict {
  if (dueAt > now) return { kind: 'again', after: dueAt - now };
  if (dueAt === expectedAt) return { kind: 'now' };
  const ahead = dueAt > (expectedAt ?? 0);
  return ahead && now - dueAt < LONGEST_INVOCATION ? { kind: 'again', after: EARLY_PAUSE } : { kind: 'dropped' };
}
