import { systemClock } from '../../../core/clock.ts';
import { systemEntropy } from '../../../core/entropy.ts';
import { advisorCertificates } from './advisor-certificates.ts';
import type { DeviceTest, Verdict } from './device-test.ts';
import { DEVICE_TESTS } from './device-tests.ts';
import { TestEndpoint } from './test-endpoint.ts';

export interface DeviceTestOptions {
  /** Data directory of a local cloud, whose CA the device trusts. */
  readonly dataDirectory: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** ms that a device has for each test; Device Advisor's `EXECUTION_TIMEOUT` is 300 seconds. */
  readonly timeout: number;
  /** Ids of tests; all of them by default. */
  readonly tests?: readonly string[];
  /** Called once the endpoint listens. */
  onListening?(port: number): void;
  onStart?(testId: string): void;
  onResult?(outcome: DeviceTestOutcome): void;
}

export interface DeviceTestOutcome extends Verdict {
  readonly id: string;
  readonly group: DeviceTest['group'];
  /** ms */
  readonly duration: number;
}

/**
 * Runs test cases one after the other against a device that connects, and reconnects, to `host:port`.
 * @throws CloudError `DATA_DIRECTORY_UNUSABLE` where no local cloud has kept its CA
 */
export async function runDeviceTests(options: DeviceTestOptions): Promise<DeviceTestOutcome[]> {
  const certificates = await advisorCertificates(options.dataDirectory, systemClock, systemEntropy);
  const endpoint = new TestEndpoint(certificates.good);
  const wanted = DEVICE_TESTS.filter(({ id }) => options.tests === undefined || options.tests.includes(id));
  const outcomes: DeviceTestOutcome[] = [];
  try {
    options.onListening?.(await endpoint.listen(options.host, options.port));
    for (const test of wanted) {
      options.onStart?.(test.id);
      const start = systemClock.now();
      const verdict = await new Promise<Verdict>((resolve) => {
        const timer = systemClock.after(options.timeout, () => resolve({ result: 'FAIL', reason: test.missing }));
        const finish = (reached: Verdict): void => {
          timer.cancel();
          resolve(reached);
        };
        endpoint.behave(certificates[test.certificate], test.begin({ clock: systemClock, finish }));
      });
      const outcome = { id: test.id, group: test.group, ...verdict, duration: systemClock.now() - start };
      outcomes.push(outcome);
      options.onResult?.(outcome);
    }
  } finally {
    await endpoint.stop();
  }
  return outcomes;
}
