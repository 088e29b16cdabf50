import type { Subject } from './subject.ts';

const PATIENCE = 60_000;

/** Onboards a new device by claim, has one sample acknowledged and found by a query. @throws Error saying what failed */
export async function goodDevice(subject: Subject, serialNumber: string): Promise<void> {
  const device = subject.device(serialNumber);
  try {
    await device.start();
    const { thingName } = device.identity;
    device.publish('telemetry', { time: Date.now(), values: { temperature: 20.5 } });
    await device.flush();
    const deadline = performance.now() + PATIENCE;
    const sql = `SELECT count(*) FROM ${subject.telemetryTable} WHERE thing_name = '${thingName}' AND boot_id = ${device.bootId}`;
    // A table without rows has no columns of its devices yet: a query that names one is refused.
    const found = async (): Promise<boolean> =>
      (await subject.ledger.telemetryRows()) > 0 && (await subject.reader.number(sql)) === 1;
    while (!(await found())) {
      if (performance.now() > deadline) throw new Error(`the sample of ${thingName} is not found by a query`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  } finally {
    await device.stop();
  }
}
