/** What a delivery stream has done since it was last asked. */
export interface StreamActivity {
  records: number;
  bytes: number;
  deliveredRecords: number;
  successes: number;
  failures: number;
}

export const idle = (): StreamActivity => ({ records: 0, bytes: 0, deliveredRecords: 0, successes: 0, failures: 0 });
