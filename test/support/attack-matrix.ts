import {
  basicIngestTopic,
  CHANNELS,
  channelTopic,
  type DeviceAddress,
  type PlatformNames,
} from '@fleetwright/contracts';

/** What of one device another one might reach for. */
export const SURFACES = ['shadow', 'jobs', 'streams', 'ordinary topics'] as const;
export type Surface = (typeof SURFACES)[number];

/** How it might. */
export const WAYS = ['publish', 'subscribe', 'receive', 'will', 'retained'] as const;
export type Way = (typeof WAYS)[number];

export interface Attack<D> {
  readonly attacker: D;
  readonly victim: D;
  readonly surface: Surface;
  readonly way: Way;
}

/** Every ordered pair of two of the devices, with every surface and way. */
export function attackMatrix<D>(devices: readonly D[]): Attack<D>[] {
  return devices.flatMap((attacker) =>
    devices
      .filter((victim) => victim !== attacker)
      .flatMap((victim) =>
        SURFACES.flatMap((surface) => WAYS.map((way): Attack<D> => ({ attacker, victim, surface, way }))),
      ),
  );
}

/** The topics of one device on one surface. */
export interface SurfaceTopics {
  /** What the device itself would publish to, and its services answer. */
  readonly requests: readonly string[];
  /** What is published for the device. */
  readonly answers: readonly string[];
  /** Filters that take in topics of the device and, some of them, of others. */
  readonly filters: readonly string[];
}

/** Reserved topics: developer guide, `reserved-topics`. */
export function topicsOf(surface: Surface, address: DeviceAddress, names: PlatformNames): SurfaceTopics {
  const thing = `$aws/things/${address.thingName}`;
  const verbs = ['get', 'update', 'delete'];
  switch (surface) {
    case 'shadow':
      return spied(
        verbs.flatMap((verb) => [`${thing}/shadow/${verb}`, `${thing}/shadow/name/config/${verb}`]),
        [
          ...verbs.flatMap((verb) => [`${thing}/shadow/${verb}/accepted`, `${thing}/shadow/${verb}/rejected`]),
          `${thing}/shadow/update/delta`,
          `${thing}/shadow/update/documents`,
          `${thing}/shadow/name/config/update/delta`,
        ],
        [`${thing}/shadow/#`, '$aws/things/+/shadow/#', '$aws/things/+/shadow/update/accepted'],
      );
    case 'jobs':
      return spied(
        [`${thing}/jobs/get`, `${thing}/jobs/start-next`, `${thing}/jobs/job-1/get`, `${thing}/jobs/job-1/update`],
        [`${thing}/jobs/notify`, `${thing}/jobs/notify-next`, `${thing}/jobs/job-1/get/accepted`],
        [`${thing}/jobs/#`, '$aws/things/+/jobs/notify'],
      );
    case 'streams':
      return spied(
        [`${thing}/streams/stream-1/describe/json`, `${thing}/streams/stream-1/get/cbor`],
        [`${thing}/streams/stream-1/data/cbor`, `${thing}/streams/stream-1/description/json`],
        [`${thing}/streams/#`, '$aws/things/+/streams/+/data/cbor'],
      );
    case 'ordinary topics': {
      const own = [address.topicRoot, address.site, address.deviceType];
      return spied(
        CHANNELS.flatMap((channel) => [
          channelTopic(address, channel),
          basicIngestTopic(address, channel, names.ruleName(channel)),
        ]),
        [
          ...CHANNELS.map((channel) => channelTopic(address, channel)),
          channelTopic(address, 'event').replace(/event$/, 'command'),
        ],
        [[...own, address.thingName, '#'].join('/'), [...own, '+', 'event'].join('/'), `${address.topicRoot}/#`, '#'],
      );
    }
  }
}

/** Each answer is also a filter, alone and shared; reserved topics have their common root. */
function spied(requests: string[], answers: string[], filters: string[]): SurfaceTopics {
  const shared = `$share/spies/${answers[0]}`;
  return { requests, answers, filters: [...answers, ...filters, shared, '$aws/things/#'] };
}
