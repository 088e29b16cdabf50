import { createHash } from 'node:crypto';
import { FunctionError } from '../shared/errors.ts';
import type { ProfileRequest } from './schema.ts';

export interface Profile {
  readonly platformId: string;
  readonly certificateArn: string;
  readonly active: boolean;
}

export interface ProfilePorts {
  find(name: string): Promise<Profile | undefined>;
  put(name: string, profile: Omit<Profile, 'active'>): Promise<void>;
  cancel(name: string): Promise<void>;
}

export const NO_PROFILE = 'none';

/**
 * Makes a signing profile for an IoT platform, which CloudFormation's own type does not take.
 *
 * A profile never changes, and its name stays taken once it is cancelled: so whatever differs makes a new one, whose name
 * ends with a digest of what it is and of the request that asked for it. CloudFormation deletes the old one after that.
 *
 * @throws FunctionError `PROFILE_CONFLICT`
 */
export async function manageProfile(
  request: ProfileRequest,
  ports: ProfilePorts,
): Promise<{ physicalResourceId: string; data?: Record<string, string> }> {
  if (request.RequestType === 'Delete') {
    const name = request.PhysicalResourceId;
    const profile = name === NO_PROFILE ? undefined : await ports.find(name);
    if (profile?.active === true) await ports.cancel(name);
    return { physicalResourceId: name };
  }
  const { CertificateArn: certificateArn, NamePrefix: prefix, PlatformId: platformId } = request.ResourceProperties;
  if (request.RequestType === 'Update') {
    const current = await ports.find(request.PhysicalResourceId);
    if (current?.active === true && current.certificateArn === certificateArn && current.platformId === platformId) {
      return answer(request.PhysicalResourceId);
    }
  }
  const name = `${prefix}_${digest(request.StackId, request.RequestId, platformId, certificateArn)}`;
  const there = await ports.find(name);
  if (there === undefined) await ports.put(name, { platformId, certificateArn });
  else if (!there.active || there.certificateArn !== certificateArn || there.platformId !== platformId) {
    throw new FunctionError('PROFILE_CONFLICT', `the name ${name} is taken by another profile`);
  }
  return answer(name);
}

function answer(name: string) {
  return { physicalResourceId: name, data: { ProfileName: name } };
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12);
}
