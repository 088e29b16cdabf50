import { NucleusError } from '../nucleus-error.ts';
import type { DeploymentDocument } from './deployment-document.ts';

/**
 * Configuration of AWS' own components that deployments may give, and what it comes to here. Anything else is refused by name.
 * - ShadowManager: the core's shadows are those in the cloud, so they are always synchronized.
 * - SecretManager: secrets are read from the cloud at each call, as the core's role allows.
 */
const ACCEPTED: Readonly<Record<string, readonly string[]>> = {
  'aws.greengrass.ShadowManager': ['synchronize', 'strategy', 'rateLimits'],
  'aws.greengrass.SecretManager': ['cloudSecrets'],
};

/** @throws NucleusError `CONFIGURATION_INVALID` */
export function checkProvidedConfiguration(
  { components }: DeploymentDocument,
  provided: Readonly<Record<string, string>>,
): void {
  for (const [name, { configurationUpdate }] of Object.entries(components)) {
    if (provided[name] === undefined) continue;
    const foreign = Object.keys(configurationUpdate.merge ?? {}).filter(
      (key) => ACCEPTED[name]?.includes(key) !== true,
    );
    if (foreign.length === 0) continue;
    throw new NucleusError(
      'CONFIGURATION_INVALID',
      `${name}: ${foreign.join(', ')} cannot be configured on this nucleus`,
    );
  }
}
