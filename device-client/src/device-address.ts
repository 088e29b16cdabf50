import type { DeviceAddress } from '@fleetwright/contracts';
import type { DeviceIdentity } from './identity/identity-store.ts';

/** Where the device stands in the topic tree. */
export function addressOf({
  configuration,
  thingName,
}: Pick<DeviceIdentity, 'configuration' | 'thingName'>): DeviceAddress {
  const { deviceType, site, topicRoot } = configuration;
  return { topicRoot, site, deviceType, thingName };
}
