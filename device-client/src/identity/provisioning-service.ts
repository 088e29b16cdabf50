import { type ClaimCredentials, claimClientId, type ProvisioningParameters } from '@fleetwright/contracts';
import { iotidentity } from 'aws-iot-device-sdk-v2';
import type { DeviceClock } from '../clock.ts';
import { MqttConnection } from '../connection/mqtt-connection.ts';
import type { ProxySettings } from '../connection/proxy-tunnel.ts';
import { DeviceError } from '../errors.ts';

/** Where the cloud is; `serverCaPem` as in ConnectionOptions. */
export interface CloudEndpoint {
  readonly host: string;
  readonly port: number;
  readonly serverCaPem?: string | undefined;
  /** By way of which it is reached. @default directly */
  readonly proxy?: ProxySettings | undefined;
}

/** The provisioning API of AWS IoT (developer guide, "Device provisioning MQTT API"), over one connection. */
export interface ProvisioningService {
  /** @throws DeviceError `PROVISIONING_REFUSED` with AWS's error code as `reason`, or what may pass */
  createCertificate(
    csrPem: string,
  ): Promise<{ certificateId: string; certificatePem: string; certificateOwnershipToken: string }>;
  /** @throws as above */
  register(
    certificateOwnershipToken: string,
    parameters: ProvisioningParameters,
  ): Promise<{ thingName: string; deviceConfiguration: unknown }>;
  close(): Promise<void>;
}

export interface ClaimOptions {
  readonly endpoint: CloudEndpoint;
  readonly claim: ClaimCredentials;
  readonly serialNumber: string;
  readonly clock: DeviceClock;
  readonly signal?: AbortSignal | undefined;
}

/** A refusal by template, hook or API: final, unless its `reason` says that a new certificate is all it needs. */
export class ProvisioningRefusal extends DeviceError {
  readonly reason: string;
  constructor(reason: string, message: string, cause: unknown) {
    super('PROVISIONING_REFUSED', message, { cause });
    this.reason = reason;
  }
}

const CONNECT_TIMEOUT = 30_000;
/** seconds a provisioning request may take; the hook alone may use 5 */
const OPERATION_TIMEOUT = 15;
/** Statuses that a later try may not meet again: throttling and failures of the service. */
const PASSING_STATUS = (status: number): boolean => status === 429 || status >= 500;

/** Connects with the claim certificate. @throws DeviceError `CONNECT_TIMEOUT`, `STOPPED` */
export async function openProvisioningService(options: ClaimOptions): Promise<ProvisioningService> {
  const { claim, clock, endpoint, serialNumber } = options;
  const connection = new MqttConnection({
    ...endpoint,
    certificatePem: claim.certificatePem,
    privateKeyPem: claim.privateKeyPem,
    clientId: claimClientId(claim.provisioningTemplate, serialNumber),
    clock,
  });
  connection.start();
  try {
    await connection.whenConnected(CONNECT_TIMEOUT, options.signal);
  } catch (error) {
    await connection.stop();
    throw error;
  }
  const service = iotidentity.IotIdentityClientv2.newFromMqtt5(connection.client, {
    maxRequestResponseSubscriptions: 4,
    maxStreamingSubscriptions: 1,
    operationTimeoutInSeconds: OPERATION_TIMEOUT,
  });
  return {
    async createCertificate(certificateSigningRequest) {
      const issued = await answered(service.createCertificateFromCsr({ certificateSigningRequest }));
      return {
        certificateId: present(issued.certificateId, 'certificateId'),
        certificatePem: present(issued.certificatePem, 'certificatePem'),
        certificateOwnershipToken: present(issued.certificateOwnershipToken, 'certificateOwnershipToken'),
      };
    },
    async register(certificateOwnershipToken, parameters) {
      const registered = await answered(
        service.registerThing({ templateName: claim.provisioningTemplate, certificateOwnershipToken, parameters }),
      );
      const { deviceConfiguration, thingName } = registered;
      return { thingName: present(thingName, 'thingName'), deviceConfiguration };
    },
    async close() {
      service.close();
      await connection.stop();
    },
  };
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const modeled = (error as { modeledError?: { statusCode?: number; errorCode?: string; errorMessage?: string } })
      .modeledError;
    if (modeled?.statusCode === undefined || PASSING_STATUS(modeled.statusCode)) throw error;
    const { errorCode = '', errorMessage, statusCode } = modeled;
    throw new ProvisioningRefusal(errorCode, `${errorCode} (${statusCode}): ${errorMessage}`, error);
  }
}

function present(value: string | undefined, name: string): string {
  if (value === undefined) throw new DeviceError('PROVISIONING_FAILED', `the answer lacks ${name}`);
  return value;
}
