import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { type DeviceClock, sleep } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import type { JobHandler } from '../job-handler.ts';
import { runProgram } from './run-program.ts';

/** The machine below the agent. */
export interface MachinePort {
  /** Another text after each boot of the machine, the same until then. */
  bootIdentity(): string;
  /** Resolves when the machine has agreed to reboot. */
  reboot(signal: AbortSignal): Promise<void>;
}

export interface RebootOptions {
  readonly machine: MachinePort;
  readonly clock: DeviceClock;
  /** ms after which a machine that still runs will not reboot any more. @default 300000 */
  readonly patience?: number;
}

const progressSchema = z.object({ bootIdentity: z.string() });

/** Reboots once; succeeded when the machine runs with another boot identity than when it was asked. */
export function rebootHandler({ clock, machine, patience = 300_000 }: RebootOptions): JobHandler<'reboot'> {
  return {
    operation: 'reboot',
    async run({ keep, progress, report, signal }) {
      const bootIdentity = machine.bootIdentity();
      const asked = progressSchema.safeParse(progress);
      if (asked.success && asked.data.bootIdentity !== bootIdentity) return { status: 'succeeded' };
      keep({ bootIdentity });
      report({ stage: 'rebooting' });
      try {
        await machine.reboot(signal);
      } catch (error) {
        return { status: 'failed', details: { reason: 'REBOOT_REFUSED', detail: reasonOf(error) } };
      }
      await sleep(clock, patience, signal);
      return { status: 'failed', details: { reason: 'NOT_REBOOTED', detail: `still running after ${patience} ms` } };
    },
  };
}

/** Identity of a boot of Linux (`random(4)`, `/proc/sys/kernel/random/boot_id`). */
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** @param command asks the system to reboot, and returns before it does. @default systemctl reboot */
export function linuxMachine(command: readonly string[] = ['/usr/bin/systemctl', 'reboot']): MachinePort {
  return {
    bootIdentity: () => readFileSync(BOOT_ID, 'utf8').trim(),
    async reboot(signal) {
      const [program = '', ...args] = command;
      const { exitCode, output } = await runProgram({ program, args, environment: {}, timeout: 30_000, signal });
      if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${exitCode ?? 'a signal'}: ${output}`);
    },
  };
}
