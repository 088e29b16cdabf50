import { readFileSync, statSync } from 'node:fs';
import { type ClaimCredentials, claimCredentialsSchema } from '@fleetwright/contracts';
import type { ProxySettings } from '../connection/proxy-tunnel.ts';
import type { DeviceOptions } from '../device.ts';
import { DeviceError, reasonOf } from '../errors.ts';
import type { TokenOptions } from '../identity/token-key-store.ts';
import type { AgentConfig } from './agent-config.ts';

/** What the configuration says of the device itself, with the files that it names read. @throws DeviceError `INPUT_INVALID` */
export function deviceOptionsOf(config: AgentConfig): DeviceOptions {
  const { connection, device, endpoint, stateDirectory, telemetry } = config;
  return {
    endpoint: {
      host: endpoint.host,
      port: endpoint.port,
      serverCaPem: readIf(endpoint.caFile, 'endpoint.caFile'),
      proxy: proxyOf(config.proxy),
    },
    stateDirectory,
    parameters: { SerialNumber: device.serialNumber, Site: device.site, DeviceType: device.deviceType },
    claim: claimOf(config.claimFile),
    token: tokenOf(config.token),
    lastWill: true,
    keepAlive: connection.keepAlive,
    maxReconnectDelay: connection.maxReconnectDelay,
    telemetry: {
      storage: 'disk',
      samplesPerMessage: telemetry.samplesPerMessage,
      maxDelay: telemetry.maxDelay,
      sync: telemetry.sync,
      maxBytes: telemetry.maxBytes,
      ...(telemetry.maxAge !== undefined && { maxAge: telemetry.maxAge }),
    },
  };
}

/** The file may be gone once the device is provisioned. */
function claimOf(file: string | undefined): ClaimCredentials | undefined {
  if (file === undefined || statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
  const text = read(file, 'claimFile');
  try {
    return claimCredentialsSchema.parse(JSON.parse(text));
  } catch {
    // What is wrong with it is not repeated: it holds a key.
    throw new DeviceError('INPUT_INVALID', `claimFile: ${file} holds no claim credentials`);
  }
}

/** @throws DeviceError `INPUT_INVALID` */
export function proxyOf(proxy: AgentConfig['proxy']): ProxySettings | undefined {
  if (proxy === undefined) return undefined;
  const { host, passwordFile, port, username } = proxy;
  if (passwordFile !== undefined) requirePrivate(passwordFile, 'proxy.passwordFile');
  return { host, port, username, password: readIf(passwordFile, 'proxy.passwordFile')?.trimEnd() };
}

function requirePrivate(file: string, setting: string): void {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o077) === 0) return;
  throw new DeviceError('INPUT_INVALID', `${setting}: others may read ${file}; its mode must be 0600 or 0400`);
}

function tokenOf(token: AgentConfig['token']): TokenOptions | undefined {
  if (token === undefined) return undefined;
  const { keyPrefix, label, library, pinFile, tool } = token;
  requirePrivate(pinFile, 'token.pinFile');
  return { library, tokenLabel: label, pin: read(pinFile, 'token.pinFile').trim(), keyPrefix, tool };
}

export function readIf(file: string | undefined, setting: string): string | undefined {
  return file === undefined ? undefined : read(file, setting);
}

function read(file: string, setting: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new DeviceError('INPUT_INVALID', `${setting}: ${reasonOf(error)}`, { cause: error });
  }
}
