import { createHash } from 'node:crypto';
import type { ClaimCredentials } from '@fleetwright/contracts';
import { FunctionError, messageOf } from '../shared/errors.ts';
import type { ClaimProperties, ClaimRequest } from './schema.ts';

/** A secret's version: the credentials and what they were made for. */
export interface KeptClaim extends ClaimCredentials {
  readonly policyName: string;
  readonly generation: string;
}

export interface NewCertificate {
  readonly certificateId: string;
  readonly certificateArn: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface ClaimPorts {
  /** A new key pair and its certificate, INACTIVE. */
  createCertificate(): Promise<NewCertificate>;
  attachPolicy(certificateArn: string, policyName: string): Promise<void>;
  /** Resolves to false when there is no such certificate. */
  activate(certificateId: string): Promise<boolean>;
  /** Deactivates, detaches and deletes. A certificate that is gone is fine. */
  withdraw(certificateId: string, certificateArn: string): Promise<void>;
  /** A version of the secret, by its id or as the one before the current; undefined when there is none. */
  findClaim(secretId: string, version: { id: string } | 'previous'): Promise<KeptClaim | undefined>;
  /** Makes `claim` the current version, with this version id. Again with the same content: fine. */
  keepClaim(secretId: string, versionId: string, claim: KeptClaim): Promise<void>;
}

export interface ClaimResult {
  /** The certificate id. When it changes, CloudFormation deletes the one before, after the whole update succeeded. */
  readonly physicalResourceId: string;
  readonly certificateArn?: string;
}

/** Answer to a create that failed: the delete that follows finds nothing to do. */
export const NOTHING_CREATED = 'no-certificate';

const CERTIFICATE_ID = /^[0-9a-f]{64}$/;

/**
 * Makes, replaces or withdraws the claim certificate.
 *
 * INVARIANTS
 * - A request that is delivered twice makes one certificate: its id names the version of the secret.
 * - An update that is rolled back finds the certificate it came from and returns to it, so that no certificate is left
 *   active without CloudFormation knowing of it.
 * - Whatever fails on the way leaves no active certificate behind.
 */
export async function manageClaim(request: ClaimRequest, ports: ClaimPorts): Promise<ClaimResult> {
  if (request.RequestType === 'Delete') {
    const id = request.PhysicalResourceId;
    if (CERTIFICATE_ID.test(id)) await ports.withdraw(id, certificateArn(request.StackId, id));
    return { physicalResourceId: id };
  }
  const properties = request.ResourceProperties;
  if (request.RequestType === 'Update') {
    const old = request.OldResourceProperties;
    if (KEYS.every((key) => old[key] === properties[key])) {
      return result(request.StackId, request.PhysicalResourceId);
    }
  }
  const versionId = versionOf(request.RequestId);
  const kept =
    (await ports.findClaim(properties.SecretId, { id: versionId })) ??
    (request.RequestType === 'Update' ? await previousClaim(properties, ports) : undefined);
  if (kept !== undefined && (await revive(request.StackId, versionId, kept, properties, ports))) {
    return result(request.StackId, kept.certificateId);
  }
  return create(versionId, properties, ports);
}

const KEYS = ['PolicyName', 'SecretId', 'ProvisioningTemplate', 'Generation'] as const;

async function previousClaim(properties: ClaimProperties, ports: ClaimPorts): Promise<KeptClaim | undefined> {
  const claim = await ports.findClaim(properties.SecretId, 'previous');
  const same =
    claim?.generation === properties.Generation &&
    claim.policyName === properties.PolicyName &&
    claim.provisioningTemplate === properties.ProvisioningTemplate;
  return same ? claim : undefined;
}

/** Takes up a certificate that was made before; false when it exists no longer. */
async function revive(
  stackId: string,
  versionId: string,
  claim: KeptClaim,
  properties: ClaimProperties,
  ports: ClaimPorts,
): Promise<boolean> {
  if (!(await ports.activate(claim.certificateId))) return false;
  await ports.attachPolicy(certificateArn(stackId, claim.certificateId), properties.PolicyName);
  await ports.keepClaim(properties.SecretId, versionId, claim);
  return true;
}

async function create(versionId: string, properties: ClaimProperties, ports: ClaimPorts): Promise<ClaimResult> {
  const certificate = await ports.createCertificate();
  try {
    await ports.attachPolicy(certificate.certificateArn, properties.PolicyName);
    await ports.keepClaim(properties.SecretId, versionId, {
      certificatePem: certificate.certificatePem,
      privateKeyPem: certificate.privateKeyPem,
      certificateId: certificate.certificateId,
      provisioningTemplate: properties.ProvisioningTemplate,
      policyName: properties.PolicyName,
      generation: properties.Generation,
    });
    await ports.activate(certificate.certificateId);
  } catch (error) {
    await withdrawAfter(error, certificate, ports);
    throw error;
  }
  return { physicalResourceId: certificate.certificateId, certificateArn: certificate.certificateArn };
}

/** @throws FunctionError `CLAIM_CONFLICT` naming the certificate that stays behind, inactive */
async function withdrawAfter(error: unknown, certificate: NewCertificate, ports: ClaimPorts): Promise<void> {
  try {
    await ports.withdraw(certificate.certificateId, certificate.certificateArn);
  } catch (second) {
    const id = certificate.certificateId;
    const text = `${messageOf(error)}; certificate ${id} could not be withdrawn: ${messageOf(second)}`;
    throw new FunctionError('CLAIM_CONFLICT', text, { cause: error });
  }
}

function result(stackId: string, certificateId: string): ClaimResult {
  return { physicalResourceId: certificateId, certificateArn: certificateArn(stackId, certificateId) };
}

/** Version ids of a secret have 32 to 64 characters (Secrets Manager API reference, PutSecretValue). */
function versionOf(requestId: string): string {
  return createHash('sha256').update(requestId).digest('hex');
}

function certificateArn(stackId: string, certificateId: string): string {
  const [, partition, , region, account] = stackId.split(':');
  return `arn:${partition}:iot:${region}:${account}:cert/${certificateId}`;
}
