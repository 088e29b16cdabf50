import type { RotationAnswer, RotationMessage } from '@fleetwright/contracts';
import type { TestKeys } from '../../../test/support/signing-keys.ts';
import type { Tracked } from '../../shared/tracked-state.ts';
import type { RotationOutput, RotationState } from '../follow-rotation.ts';
import { type RotationPorts, takeLook, takeNotice } from '../rotate-certificate.ts';
import { RegistryDouble } from './registry-double.ts';

export const THING = 'pump';
export const POLICIES = ['device', 'services'];
export const SETTINGS = { confirm: 3_600_000, deleteAfter: 86_400_000 };
const ADDRESS = { topicRoot: 'fleet-dev', site: 'north', deviceType: 'pump-station' };

/** One device, its registry, its queue of later looks, and what it was answered. */
export class RotationWorld {
  readonly registry = new RegistryDouble();
  readonly answers: RotationAnswer[] = [];
  readonly notes: string[] = [];
  now = 1_700_000_000_000;
  #item: Tracked<RotationState, RotationOutput> | undefined;
  #looks: number[] = [];

  readonly ports: RotationPorts = {
    desk: this.registry,
    now: () => this.now,
    load: async () => structuredClone(this.#item),
    save: async (_key, expected, tracked) => {
      this.registry.fail('save');
      if ((this.#item?.revision ?? 0) !== expected) return false;
      this.#item = structuredClone(tracked);
      return true;
    },
    tell: async (_key, { answer }) => {
      this.registry.fail('tell');
      this.answers.push(answer);
    },
    arrange: async (_key, dueAt) => void this.#looks.push(dueAt),
    note: (event) => void this.notes.push(event),
  };

  /** Puts the device into the registry. @returns the id of its certificate */
  enroll(keys: TestKeys, next: readonly TestKeys[]): string {
    this.registry.things.set(THING, { site: 'north', deviceType: 'pump-station', state: 'active' });
    for (const { certificatePem, csrPem } of next) this.registry.signable.set(csrPem, certificatePem);
    return this.registry.add(keys.certificatePem, THING, POLICIES);
  }

  get state(): RotationState | undefined {
    return this.#item?.state;
  }

  say(principal: string, message: RotationMessage | string): Promise<void> {
    const text = typeof message === 'string' ? message : JSON.stringify(message);
    const payload = Buffer.from(text).toString('base64');
    return takeNotice({ kind: 'message', ...ADDRESS, thingName: THING, principal, payload }, SETTINGS, this.ports);
  }

  /** As the queue does: what fails comes again, at most five times. */
  async sayUntilTaken(principal: string, message: RotationMessage): Promise<void> {
    await attempts(() => this.say(principal, message));
  }

  /** Lets time pass, with the looks that fall due. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    for (;;) {
      const due = Math.min(...this.#looks);
      if (due > end) break;
      this.#looks = this.#looks.filter((time) => time !== due);
      this.now = Math.max(this.now, due);
      await attempts(() => takeLook(THING, due, SETTINGS, this.ports));
    }
    this.now = end;
  }

  answersOf(kind: RotationAnswer['kind']): RotationAnswer[] {
    return this.answers.filter((answer) => answer.kind === kind);
  }
}

async function attempts(action: () => Promise<void>): Promise<void> {
  for (let attempt = 1; attempt <= 5; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'throttled') throw error;
    }
  }
}
