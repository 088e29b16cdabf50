/** Polls every `pause` ms until `condition` holds; an error of an attempt counts as not yet, and is the cause of the last one. @throws Error naming `what` after `timeout` ms */
export async function eventually<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  timeout = 20_000,
  pause = 100,
): Promise<T> {
  const deadline = Date.now() + timeout;
  for (;;) {
    let cause: unknown;
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      cause = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${timeout} ms: ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
