/** How a setting's value is written outside the configuration file. `list`: JSON, or words separated by spaces. */
export type SettingKind = 'text' | 'number' | 'list';

/**
 * Settings that environment and flags can give: `endpoint.host` is `FLEETWRIGHT_DEVICE_ENDPOINT_HOST` and
 * `--endpoint-host`, `stateDirectory` is `FLEETWRIGHT_DEVICE_STATE_DIRECTORY` and `--state-directory`.
 */
export const SETTINGS: Readonly<Record<string, SettingKind>> = {
  'endpoint.host': 'text',
  'endpoint.port': 'number',
  'endpoint.caFile': 'text',
  'proxy.host': 'text',
  'proxy.port': 'number',
  'proxy.username': 'text',
  'proxy.passwordFile': 'text',
  'device.serialNumber': 'text',
  'device.site': 'text',
  'device.deviceType': 'text',
  'device.hardwareRevision': 'text',
  'device.firmware': 'text',
  stateDirectory: 'text',
  claimFile: 'text',
  'log.level': 'text',
  'log.keepBytes': 'number',
  socket: 'text',
  'connection.keepAlive': 'number',
  'connection.maxReconnectDelay': 'number',
  'telemetry.samplesPerMessage': 'number',
  'telemetry.maxDelay': 'number',
  'telemetry.sync': 'text',
  'telemetry.maxBytes': 'number',
  'telemetry.maxAge': 'number',
  'power.capacity': 'number',
  'power.usable': 'number',
  'power.selfDischarge': 'number',
  'power.life': 'number',
  'power.sleep': 'number',
  'power.sense.current': 'number',
  'power.sense.duration': 'number',
  'power.transmit.current': 'number',
  'power.transmit.duration': 'number',
  'power.transmit.durationPerSample': 'number',
  'power.sampleInterval': 'number',
  'power.leastReportInterval': 'number',
  'power.mostReportInterval': 'number',
  'rotation.beforeDays': 'number',
  'clock.url': 'text',
  'clock.caFile': 'text',
  'clock.tolerance': 'number',
  'clock.setCommand': 'list',
  'token.library': 'text',
  'token.label': 'text',
  'token.pinFile': 'text',
  'token.keyPrefix': 'text',
  'token.tool': 'text',
  'twin.shadows': 'list',
  'twin.healthyWithin': 'number',
  'defender.interval': 'number',
  'defender.customMetrics': 'list',
  'jobs.windows': 'list',
  'jobs.scriptDirectory': 'text',
  'jobs.rebootCommand': 'list',
  'downloads.caFile': 'text',
  'updates.trustedKeysFile': 'text',
  'updates.adapter': 'text',
  'updates.notesDirectory': 'text',
  'updates.factoryImage.version': 'text',
  'updates.factoryImage.minimumVersion': 'text',
  'updates.factoryImage.sha256': 'text',
  'updates.factoryImage.size': 'number',
  'updates.rauc.slotClass': 'text',
  'updates.swupdate.slots': 'list',
  'updates.swupdate.program': 'text',
  'updates.swupdate.publicKeyFile': 'text',
  'updates.watchdogDevice': 'text',
  'updates.selfTestTime': 'number',
};

export const ENVIRONMENT_PREFIX = 'FLEETWRIGHT_DEVICE_';

function words(setting: string): string[] {
  return setting.replace(/[A-Z]/g, (letter) => `.${letter}`).split('.');
}

export function environmentName(setting: string): string {
  return ENVIRONMENT_PREFIX + words(setting).join('_').toUpperCase();
}

export function flagName(setting: string): string {
  return words(setting).join('-').toLowerCase();
}
