import { AwsError } from '../../../core/errors.ts';

/** Error payload of the provisioning MQTT API (developer guide, `fleet-provision-api`). */
export interface RejectedPayload {
  readonly statusCode: number;
  readonly errorCode: string;
  readonly errorMessage: string;
}

/**
 * Why a provisioning request was refused.
 *
 * The guide gives the shape of the payload and one code, `ACCESS_DENIED` (`pre-provisioning-hook`); the statuses 400,
 * 403, 404 and 500 are those that AWS's device SDK names for this API. `InvalidCertificateOwnershipToken` is what AWS
 * answers to a bad token; the other codes are the control plane's exceptions without their suffix.
 */
export class ProvisioningRejection extends Error {
  override readonly name = 'ProvisioningRejection';
  readonly payload: RejectedPayload;

  constructor(statusCode: number, errorCode: string, errorMessage: string, cause?: unknown) {
    super(errorMessage, cause === undefined ? undefined : { cause });
    this.payload = { statusCode, errorCode, errorMessage };
  }
}

export function accessDenied(message: string, cause?: unknown): ProvisioningRejection {
  return new ProvisioningRejection(403, 'ACCESS_DENIED', message, cause);
}

export function invalidRequest(message: string): ProvisioningRejection {
  return new ProvisioningRejection(400, 'InvalidRequest', message);
}

export function invalidToken(message: string): ProvisioningRejection {
  return new ProvisioningRejection(400, 'InvalidCertificateOwnershipToken', message);
}

/** The rejection that an error of the control plane leads to. Errors that are no answer of AWS tell nothing. */
export function rejectionOf(error: unknown): ProvisioningRejection {
  if (error instanceof ProvisioningRejection) return error;
  if (!(error instanceof AwsError))
    return new ProvisioningRejection(500, 'InternalFailure', 'An unexpected error has occurred', error);
  if (error.statusCode === 403) return accessDenied(error.message, error);
  const code = error.code.replace(/Exception$/, '');
  return new ProvisioningRejection(error.statusCode, code, error.message, error);
}
