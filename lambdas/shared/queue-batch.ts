import { messageOf } from './errors.ts';

/** Event and answer of an SQS event source (Lambda developer guide, "Using Lambda with Amazon SQS"). */
export interface QueueEvent {
  readonly Records: readonly QueueMessage[];
}

export interface QueueMessage {
  readonly messageId: string;
  readonly body: string;
}

export interface QueueResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Keys under way at once. */
const PARALLEL = 8;

/**
 * Handles a batch: messages of one key one after the other, in the order of the batch; different keys side by side.
 * A message that cannot be read, or whose handling fails, comes again and ends in the dead letters if it fails on.
 * @returns ids of messages that failed
 */
export async function handleByKey<T>(
  records: readonly QueueMessage[],
  read: (body: string) => { readonly key: string; readonly message: T },
  handle: (key: string, message: T) => Promise<void>,
  onFailure: (messageId: string, problem: string) => void,
): Promise<string[]> {
  const failed: string[] = [];
  const fail = (messageId: string, error: unknown): void => {
    failed.push(messageId);
    onFailure(messageId, messageOf(error));
  };
  const byKey = new Map<string, { messageId: string; message: T }[]>();
  for (const { messageId, body } of records) {
    try {
      const { key, message } = read(body);
      const own = byKey.get(key);
      if (own === undefined) byKey.set(key, [{ messageId, message }]);
      else own.push({ messageId, message });
    } catch (error) {
      fail(messageId, error);
    }
  }
  const groups = [...byKey];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < groups.length) {
      const [key, messages] = groups[next++] as (typeof groups)[number];
      for (const { messageId, message } of messages) {
        try {
          await handle(key, message);
        } catch (error) {
          fail(messageId, error);
        }
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, groups.length) }, worker));
  return failed;
}
