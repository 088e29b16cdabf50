import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IdentityStore } from './identity-store.ts';
import { type ProvisionOptions, provision } from './provision.ts';
import { ProvisioningJournal } from './provisioning-journal.ts';
import { ProvisioningRefusal, type ProvisioningService } from './provisioning-service.ts';
import { Crash, CrashingState } from './testing/crashing-state.ts';

const claim = { certificatePem: 'c', privateKeyPem: 'k', certificateId: 'i', provisioningTemplate: 'fleet' };
const configuration = {
  topicRoot: 'fleetwright-dev',
  site: 'north',
  deviceType: 'pump',
  telemetryRule: 'rule',
  eventRule: 'event',
};
/** A clock on which every wait is over at once. */
const clock = {
  now: () => 0,
  after: (_milliseconds: number, task: () => void) => {
    const handle = setImmediate(task);
    return { cancel: () => clearImmediate(handle) };
  },
};

/**
 * The other side of the provisioning API: a token proves one certificate, once, for an hour (IoT developer guide, "Device
 * provisioning MQTT API").
 */
class Registrar {
  readonly tokens = new Map<string, string>();
  readonly registered: string[] = [];
  issued = 0;
  failures: Error[] = [];

  service(): ProvisioningService {
    return {
      createCertificate: async (csrPem) => {
        this.#fail();
        expect(csrPem).toMatch(/^-----BEGIN CERTIFICATE REQUEST-----/);
        const certificateId = `certificate-${++this.issued}`;
        const certificateOwnershipToken = randomBytes(8).toString('hex');
        this.tokens.set(certificateOwnershipToken, certificateId);
        return { certificateId, certificatePem: `PEM of ${certificateId}`, certificateOwnershipToken };
      },
      register: async (token, { SerialNumber }) => {
        this.#fail();
        const certificateId = this.tokens.get(token);
        if (certificateId === undefined) {
          throw new ProvisioningRefusal('InvalidCertificateOwnershipToken', 'the token is used or too old', undefined);
        }
        this.tokens.delete(token);
        this.registered.push(certificateId);
        return { thingName: `pump-${SerialNumber}`, deviceConfiguration: configuration };
      },
      close: async () => {},
    };
  }

  #fail(): void {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }
}

function attempt(registrar: Registrar, state: CrashingState, more: Partial<ProvisionOptions> = {}) {
  return provision({
    endpoint: { host: 'h', port: 1 },
    claim,
    parameters: { SerialNumber: 'SN-0001', Site: 'north', DeviceType: 'pump' },
    store: new IdentityStore(state),
    journal: new ProvisioningJournal(state),
    clock,
    random: () => 0.5,
    openService: async () => registrar.service(),
    maxAttempts: 3,
    ...more,
  });
}

const directory = () => mkdtempSync(join(tmpdir(), 'fleetwright-provision-'));

async function writesOf(): Promise<number> {
  const state = new CrashingState(directory());
  await attempt(new Registrar(), state);
  return state.writes;
}

test('a provisioning that is killed at any of its writes goes on there and ends with one identity', async () => {
  const writes = await writesOf();
  expect(writes).toBe(5);
  const table: string[] = [];
  for (let stopAt = 0; stopAt < writes; stopAt++) {
    for (const after of [false, true]) {
      const registrar = new Registrar();
      const path = directory();
      const dying = new CrashingState(path, stopAt, after);
      await expect(attempt(registrar, dying, { maxAttempts: 1 })).rejects.toThrow();
      expect(dying.dead).toBe(true);
      const identity = await attempt(registrar, new CrashingState(path));
      expect(identity).toMatchObject({ thingName: 'pump-SN-0001', configuration });
      // The identity that it has is the one that was registered last, with its own certificate.
      expect(registrar.registered.at(-1)).toBe(identity.certificateId);
      expect(identity.certificatePem).toBe(`PEM of ${identity.certificateId}`);
      expect(new CrashingState(path).read('provisioning.json')).toBeUndefined();
      table.push(`${dying.where}: ${registrar.issued} certificate(s)`);
    }
  }
  // Only where the cloud had registered and the device had not written it down is another certificate needed.
  expect(table).toEqual([
    'before write device.key.pem: 1 certificate(s)',
    'after write device.key.pem: 1 certificate(s)',
    'before write provisioning.json: 2 certificate(s)',
    'after write provisioning.json: 1 certificate(s)',
    'before write device.certificate.pem: 2 certificate(s)',
    'after write device.certificate.pem: 2 certificate(s)',
    'before write identity.json: 2 certificate(s)',
    'after write identity.json: 1 certificate(s)',
    'before remove provisioning.json: 1 certificate(s)',
    'after remove provisioning.json: 1 certificate(s)',
  ]);
});

test('what may pass is tried again with the same certificate; a refusal is final', async () => {
  const registrar = new Registrar();
  registrar.failures = [new Error('throttled'), new Error('timeout')];
  const retries: string[] = [];
  const state = new CrashingState(directory());
  await attempt(registrar, state, { onRetry: (_attempt, reason) => retries.push(reason) });
  expect(retries).toEqual(['throttled', 'timeout']);

  const refusing = new Registrar();
  refusing.failures = [new ProvisioningRefusal('AccessDenied', 'the hook says no', undefined)];
  await expect(attempt(refusing, new CrashingState(directory()))).rejects.toMatchObject({
    code: 'PROVISIONING_REFUSED',
  });
  expect(refusing.issued).toBe(0);
});

test('a certificate of another serial number, or one whose record is damaged, is not registered', async () => {
  for (const content of ['{', JSON.stringify({ serialNumber: 'SN-0002' })]) {
    const registrar = new Registrar();
    const state = new CrashingState(directory());
    state.write('provisioning.json', content);
    expect((await attempt(registrar, state)).certificateId).toBe('certificate-1');
  }
});

test('it gives up after as many attempts as it was told', async () => {
  const registrar = new Registrar();
  registrar.failures = Array.from({ length: 9 }, () => new Error('no answer'));
  await expect(attempt(registrar, new CrashingState(directory()))).rejects.toMatchObject({
    code: 'PROVISIONING_FAILED',
    message: 'gave up after 3 attempts: no answer',
  });
});

test('a process that dies does not write any more', () => {
  const state = new CrashingState(directory(), 0);
  expect(() => state.write('a', '1')).toThrow(Crash);
  expect(() => state.write('b', '1')).toThrow(Crash);
  expect(state.list()).toEqual([]);
});
