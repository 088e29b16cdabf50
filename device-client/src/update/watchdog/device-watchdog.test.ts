import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testContext } from '../../telemetry/testing/feature-context.ts';
import { DeviceWatchdog } from './device-watchdog.ts';

// Source: kernel documentation, `watchdog-api`: any byte feeds it, and 'V' before the close stops it.

function watchdog(device = join(mkdtempSync(join(tmpdir(), 'watchdog-')), 'watchdog')) {
  const { clock, lines, log } = testContext();
  const own = new DeviceWatchdog({ device, clock, log, timeout: 15_000, monotonic: () => clock.elapsed });
  return { clock, device, lines, own, written: () => readFileSync(device, 'utf8') };
}

function present() {
  const made = watchdog();
  writeFileSync(made.device, '');
  return made;
}

test('an armed watchdog is fed several times within its own timeout, until the time is over, and then no more', async () => {
  const { clock, lines, own, written } = present();
  await own.arm(60_000);
  await clock.pass(15_000);
  expect(written()).toBe('1111');
  await clock.pass(40_000);
  const before = written();
  await clock.pass(60_000);
  expect(written().length - before.length).toBeLessThanOrEqual(1);
  expect(written()).not.toContain('V');
  expect(lines).toContain('error the time of the watchdog is over: it is fed no more');
});

test('a watchdog that is disarmed is told so by the last character', async () => {
  const { clock, own, written } = present();
  await own.arm(60_000);
  await own.disarm();
  await own.disarm();
  await clock.pass(60_000);
  expect(written()).toBe('1V');
  // It can be armed again.
  await own.arm(60_000);
  await own.disarm();
  expect(written()).toMatch(/^1V/);
});

test('a device that is not there is an error, and is not made', async () => {
  const { device, own } = watchdog();
  await expect(own.arm(60_000)).rejects.toThrow('ENOENT');
  expect(existsSync(device)).toBe(false);
});
