import {
  type ClaimCredentials,
  claimClientId,
  deviceConfigurationSchema,
  type ProvisioningParameters,
  provisioningParametersSchema,
} from '@fleetwright/contracts';
import { iotidentity } from 'aws-iot-device-sdk-v2';
import { backoffDelay } from '../backoff.ts';
import { type DeviceClock, sleep } from '../clock.ts';
import { MqttConnection } from '../connection/mqtt-connection.ts';
import { DeviceError, reasonOf } from '../errors.ts';
import type { DeviceIdentity, IdentityStore } from './identity-store.ts';
import { certificateSigningRequest } from './key-pair.ts';

/** Where the cloud is; `serverCaPem` as in ConnectionOptions. */
export interface CloudEndpoint {
  readonly host: string;
  readonly port: number;
  readonly serverCaPem?: string | undefined;
}

export interface ProvisionOptions {
  readonly endpoint: CloudEndpoint;
  readonly claim: ClaimCredentials;
  readonly parameters: ProvisioningParameters;
  readonly store: IdentityStore;
  readonly clock: DeviceClock;
  /** Even draw in [0, 1), for jitter. */
  readonly random: () => number;
  readonly signal?: AbortSignal;
  onRetry?(attempt: number, reason: string): void;
}

const CONNECT_TIMEOUT = 30_000;
/** seconds a provisioning request may take; the hook alone may use 5 */
const OPERATION_TIMEOUT = 15;
const MAX_ATTEMPTS = 8;
const BACKOFF = { base: 1_000, cap: 60_000 };

/**
 * Fleet provisioning by claim (AWS IoT developer guide, "Provisioning by claim"): connect with the claim certificate,
 * have a CSR of the device's own key signed, register the thing, keep the identity. Passing failures are retried with
 * jitter; a refusal by template or hook is final.
 * @throws DeviceError `PROVISIONING_REFUSED`, `PROVISIONING_FAILED`, `STOPPED`
 */
export async function provision(options: ProvisionOptions): Promise<DeviceIdentity> {
  const parameters = checked(options.parameters);
  for (let attempt = 0; ; attempt++) {
    try {
      return await provisionOnce({ ...options, parameters });
    } catch (error) {
      if (options.signal?.aborted === true) throw new DeviceError('STOPPED', 'stopped while provisioning');
      if (error instanceof DeviceError && error.code === 'PROVISIONING_REFUSED') throw error;
      if (attempt + 1 >= MAX_ATTEMPTS) {
        throw new DeviceError('PROVISIONING_FAILED', `gave up after ${MAX_ATTEMPTS} attempts: ${reasonOf(error)}`, {
          cause: error,
        });
      }
      options.onRetry?.(attempt + 1, reasonOf(error));
      await sleep(options.clock, backoffDelay(BACKOFF, attempt, options.random()), options.signal);
    }
  }
}

function checked(parameters: ProvisioningParameters): ProvisioningParameters {
  const result = provisioningParametersSchema.safeParse(parameters);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ');
  throw new DeviceError('INPUT_INVALID', `provisioning parameters: ${problems}`);
}

async function provisionOnce(options: ProvisionOptions): Promise<DeviceIdentity> {
  const { claim, endpoint, parameters, store } = options;
  const connection = new MqttConnection({
    ...endpoint,
    certificatePem: claim.certificatePem,
    privateKeyPem: claim.privateKeyPem,
    clientId: claimClientId(claim.provisioningTemplate, parameters.SerialNumber),
  });
  connection.start();
  let service: iotidentity.IotIdentityClientv2 | undefined;
  try {
    await connection.whenConnected(CONNECT_TIMEOUT, options.signal);
    service = iotidentity.IotIdentityClientv2.newFromMqtt5(connection.client, {
      maxRequestResponseSubscriptions: 4,
      maxStreamingSubscriptions: 1,
      operationTimeoutInSeconds: OPERATION_TIMEOUT,
    });
    const privateKeyPem = store.privateKey();
    const csr = await certificateSigningRequest(privateKeyPem, parameters.SerialNumber);
    const issued = await answered(service.createCertificateFromCsr({ certificateSigningRequest: csr }));
    const registered = await answered(
      service.registerThing({
        templateName: claim.provisioningTemplate,
        certificateOwnershipToken: present(issued.certificateOwnershipToken, 'certificateOwnershipToken'),
        parameters,
      }),
    );
    const identity = {
      thingName: present(registered.thingName, 'thingName'),
      certificateId: present(issued.certificateId, 'certificateId'),
      certificatePem: present(issued.certificatePem, 'certificatePem'),
      configuration: deviceConfigurationSchema.parse(registered.deviceConfiguration),
    };
    store.save(identity);
    return { ...identity, privateKeyPem };
  } finally {
    service?.close();
    await connection.stop();
  }
}

/** Statuses that a later try may not meet again: throttling and failures of the service. */
const PASSING_STATUS = (status: number): boolean => status === 429 || status >= 500;

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const modeled = (error as { modeledError?: { statusCode?: number; errorCode?: string; errorMessage?: string } })
      .modeledError;
    if (modeled?.statusCode === undefined || PASSING_STATUS(modeled.statusCode)) throw error;
    throw new DeviceError(
      'PROVISIONING_REFUSED',
      `${modeled.errorCode} (${modeled.statusCode}): ${modeled.errorMessage}`,
      {
        cause: error,
      },
    );
  }
}

function present(value: string | undefined, name: string): string {
  if (value === undefined) throw new DeviceError('PROVISIONING_FAILED', `the answer lacks ${name}`);
  return value;
}
