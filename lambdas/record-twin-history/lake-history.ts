import { type TwinChange, twinChangeSchema } from '@fleetwright/contracts';
import { messageOf } from '../shared/errors.ts';
import type { QueueMessage } from '../shared/queue-batch.ts';
import { historyTime, TWIN_DELETION } from './build-history.ts';
import type { HistoryReport } from './write-history.ts';

export interface LakeHistoryPorts {
  /** Puts texts as records; resolves to the indexes of those that were not taken. */
  put(texts: readonly string[]): Promise<readonly number[]>;
  onFailure(messageIds: readonly string[], problem: string): void;
}

/**
 * Writes a batch of changes to the lake's table of twins, each as one row: text has no bound there. What is not taken
 * comes again with its message; a change that is written twice has the same key twice.
 */
export async function writeLakeHistory(
  messages: readonly QueueMessage[],
  ports: LakeHistoryPorts,
): Promise<HistoryReport> {
  const failed: string[] = [];
  const rows: { readonly messageId: string; readonly text: string }[] = [];
  for (const { body, messageId } of messages) {
    try {
      rows.push({ messageId, text: rowOf(twinChangeSchema.parse(JSON.parse(body))) });
    } catch (error) {
      failed.push(messageId);
      ports.onFailure([messageId], messageOf(error));
    }
  }
  if (rows.length === 0) return { stored: 0, failed };
  let refused: string[];
  try {
    const indexes = await ports.put(rows.map(({ text }) => text));
    refused = rows.filter((_row, index) => indexes.includes(index)).map(({ messageId }) => messageId);
    if (refused.length > 0) ports.onFailure(refused, 'the delivery stream did not take them');
  } catch (error) {
    refused = rows.map(({ messageId }) => messageId);
    ports.onFailure(refused, messageOf(error));
  }
  return { stored: rows.length - refused.length, failed: [...failed, ...refused] };
}

/** A row of the lake's table of twins. */
export function rowOf({
  desired,
  kind,
  madeAt,
  receivedAt,
  reported,
  shadowName,
  thingName,
  version,
}: TwinChange): string {
  const row = {
    time: new Date(madeAt * 1_000).toISOString(),
    // Beyond what a number holds exactly; integers may be text (Firehose developer guide, OpenX JSON SerDe).
    time_ns: historyTime(madeAt, version, kind === 'deleted' ? TWIN_DELETION : 0).toString(),
    thing_name: thingName,
    shadow: shadowName,
    version,
    deleted: kind === 'deleted',
    ...(desired !== undefined && { desired: JSON.stringify(desired) }),
    ...(reported !== undefined && { reported: JSON.stringify(reported) }),
    received_at: new Date(receivedAt).toISOString(),
  };
  return `${JSON.stringify(row)}\n`;
}
