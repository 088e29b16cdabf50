import { setTimeout as pause } from 'node:timers/promises';

export interface BackOffOptions {
  readonly attempts?: number;
  /** ms before the second attempt; doubled before each further one, up to {@link longest}. */
  readonly first?: number;
  readonly longest?: number;
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Repeats what fails for a reason that passes: changes of AWS IoT's registry, such as a detached certificate, take some
 * seconds until every part of it knows of them. Throttling is the SDK's own matter.
 */
export async function withBackOff<T>(
  action: () => Promise<T>,
  passes: (error: unknown) => boolean,
  options: BackOffOptions = {},
): Promise<T> {
  const { attempts = 7, first = 250, longest = 8_000, pause: wait = pause } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (attempt >= attempts || !passes(error)) throw error;
      await wait(Math.min(longest, first * 2 ** (attempt - 1)));
    }
  }
}

/** Whether an SDK error has one of these names. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

/** Runs an action for which it is fine that its object is gone. */
export async function ifThere<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException', 'NoSuchBucket')) return undefined;
    throw error;
  }
}
