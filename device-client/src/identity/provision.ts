import {
  type ClaimCredentials,
  deviceConfigurationSchema,
  type ProvisioningParameters,
  provisioningParametersSchema,
} from '@fleetwright/contracts';
import { backoffDelay } from '../backoff.ts';
import { type DeviceClock, sleep } from '../clock.ts';
import { DeviceError, reasonOf } from '../errors.ts';
import type { IdentityStore, KeyedIdentity } from './identity-store.ts';
import type { ProvisioningJournal } from './provisioning-journal.ts';
import {
  type ClaimOptions,
  type CloudEndpoint,
  openProvisioningService,
  ProvisioningRefusal,
  type ProvisioningService,
} from './provisioning-service.ts';

export interface ProvisionOptions {
  readonly endpoint: CloudEndpoint;
  readonly claim: ClaimCredentials;
  readonly parameters: ProvisioningParameters;
  readonly store: IdentityStore;
  readonly journal: ProvisioningJournal;
  readonly clock: DeviceClock;
  /** Even draw in [0, 1), for jitter. */
  readonly random: () => number;
  readonly signal?: AbortSignal | undefined;
  /** After so many failures that may pass it gives up. @default 8 */
  readonly maxAttempts?: number | undefined;
  onRetry?(attempt: number, reason: string): void;
  /** @default over MQTT, with the claim */
  readonly openService?: (options: ClaimOptions) => Promise<ProvisioningService>;
}

const MAX_ATTEMPTS = 8;
const BACKOFF = { base: 1_000, cap: 60_000 };
/** AWS IoT's answer to a token that was used or is older than an hour: the certificate is gone, another is to be had. */
const TOKEN_EXPIRED = 'InvalidCertificateOwnershipToken';

/**
 * Fleet provisioning by claim (AWS IoT developer guide, "Provisioning by claim"): connect with the claim certificate,
 * have a CSR of the device's own key signed, register the thing, keep the identity. Passing failures are retried with
 * jitter; a refusal by template or hook is final.
 *
 * INVARIANT: what is on disk after any of its writes is enough to go on: key, then issued certificate, then identity.
 *
 * @throws DeviceError `PROVISIONING_REFUSED`, `PROVISIONING_FAILED`, `STOPPED`, `STATE_UNUSABLE`, `KEY_UNUSABLE`
 */
export async function provision(options: ProvisionOptions): Promise<KeyedIdentity> {
  const parameters = checked(options.parameters);
  const maxAttempts = options.maxAttempts ?? MAX_ATTEMPTS;
  for (let attempt = 0; ; attempt++) {
    try {
      return await provisionOnce({ ...options, parameters });
    } catch (error) {
      if (options.signal?.aborted === true) throw new DeviceError('STOPPED', 'stopped while provisioning');
      if (isFinal(error)) throw error;
      if (attempt + 1 >= maxAttempts) {
        throw new DeviceError('PROVISIONING_FAILED', `gave up after ${maxAttempts} attempts: ${reasonOf(error)}`, {
          cause: error,
        });
      }
      options.onRetry?.(attempt + 1, reasonOf(error));
      await sleep(options.clock, backoffDelay(BACKOFF, attempt, options.random()), options.signal);
    }
  }
}

function isFinal(error: unknown): boolean {
  if (error instanceof ProvisioningRefusal) return error.reason !== TOKEN_EXPIRED;
  return error instanceof DeviceError && (error.code === 'STATE_UNUSABLE' || error.code === 'KEY_UNUSABLE');
}

function checked(parameters: ProvisioningParameters): ProvisioningParameters {
  const result = provisioningParametersSchema.safeParse(parameters);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ');
  throw new DeviceError('INPUT_INVALID', `provisioning parameters: ${problems}`);
}

async function provisionOnce(options: ProvisionOptions): Promise<KeyedIdentity> {
  const { claim, clock, endpoint, journal, parameters, signal, store } = options;
  const { provisioningTemplate } = claim;
  const serialNumber = parameters.SerialNumber;
  const known = await store.load();
  if (known === undefined) {
    const key = await store.firstKey();
    const service = await (options.openService ?? openProvisioningService)({
      endpoint,
      claim,
      serialNumber,
      clock,
      signal,
    });
    try {
      let issued = journal.read(provisioningTemplate, serialNumber);
      if (issued === undefined) {
        const certificate = await service.createCertificate(await key.signingRequest(serialNumber));
        issued = { provisioningTemplate, serialNumber, ...certificate };
        journal.write(issued);
      }
      const { thingName, deviceConfiguration } = await service.register(issued.certificateOwnershipToken, parameters);
      const { certificateId, certificatePem } = issued;
      const configuration = deviceConfigurationSchema.parse(deviceConfiguration);
      store.save({ thingName, certificateId, certificatePem, configuration }, key.reference);
    } catch (error) {
      if (error instanceof ProvisioningRefusal && error.reason === TOKEN_EXPIRED) journal.remove();
      throw error;
    } finally {
      await service.close();
    }
  }
  journal.remove();
  return known ?? loaded(await store.load());
}

function loaded(identity: KeyedIdentity | undefined): KeyedIdentity {
  if (identity === undefined) throw new DeviceError('STATE_UNUSABLE', 'the identity that was just written is gone');
  return identity;
}
