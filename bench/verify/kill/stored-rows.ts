import { storeTime } from '@fleetwright/contracts';
import type { Subject } from '../subject.ts';
import { messageKey, type SentLedger } from './sent-ledger.ts';

export interface Reckoning {
  readonly rows: number;
  /** Rows of one thing, channel, boot and sequence at one time. */
  readonly distinctRows: number;
  /** Acknowledged samples without a row of their content. */
  readonly missing: readonly { readonly message: string; readonly sample: string }[];
  /** Rows whose message no device has sent, or with more rows than samples. */
  readonly surplus: readonly string[];
}

/** Compares what the cloud stores with what devices have had acknowledged. */
export async function reckon(subject: Subject, ledger: SentLedger): Promise<Reckoning> {
  const rows = await storedRows(subject);
  const stored = new Map<string, Map<string, number>>();
  for (const [thing, channel, boot, sequence, time, value] of rows) {
    const key = messageKey(String(thing), String(channel), Number(boot), Number(sequence));
    const own = stored.get(key) ?? new Map<string, number>();
    const row = `${time} ${Number(value)}`;
    own.set(row, (own.get(row) ?? 0) + 1);
    stored.set(key, own);
  }
  const missing: { message: string; sample: string }[] = [];
  for (const [key, message] of ledger.messages) {
    const own = stored.get(key);
    message.samples.forEach((sample, index) => {
      const row = `${storeTime(sample, message.sequence, index)} ${Number(sample.values.reading)}`;
      if (own?.has(row) !== true) missing.push({ message: key, sample: `${key} sample ${index}` });
    });
  }
  const surplus = [...stored].flatMap(([key, own]) => {
    const message = ledger.messages.get(key);
    const count = [...own.values()].reduce((sum, times) => sum + times, 0);
    if (message === undefined) return [`${key} was never acknowledged`];
    return count > message.samples.length ? [`${key} has ${count} rows for ${message.samples.length} samples`] : [];
  });
  const distinctRows = [...stored.values()].reduce((sum, own) => sum + own.size, 0);
  return { rows: rows.length, distinctRows, missing, surplus };
}

/** Rows of the devices of this part. The columns of a table come with its first row that has them. */
async function storedRows(subject: Subject): Promise<readonly (readonly (string | null)[])[]> {
  try {
    const { rows } = await subject.reader.query(
      `SELECT thing_name, measure_name, boot_id, sequence, to_nanoseconds(time), reading FROM ${subject.telemetryTable} WHERE reading IS NOT NULL`,
    );
    return rows;
  } catch (error) {
    if (error instanceof Error && /Column '\w+' does not exist/.test(error.message)) return [];
    throw error;
  }
}
