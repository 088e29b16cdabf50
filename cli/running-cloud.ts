import { existsSync, readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join, resolve } from 'node:path';
import { fromIni } from '@aws-sdk/credential-provider-ini';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { CloudDescription } from '../local-cloud/src/index.ts';
import { Failure, messageOf } from './failure.ts';

/** Settings for any AWS SDK client of this command line. */
export interface AwsClientSettings {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: ReturnType<typeof fromIni>;
  readonly requestHandler?: NodeHttpHandler;
}

/** Reads what the local cloud on a data directory says of itself. @throws Failure when none is running */
export function runningCloud(dataDirectory: string): CloudDescription {
  const file = join(resolve(dataDirectory), 'runtime.json');
  const none = `no local cloud is running on ${resolve(dataDirectory)}. Start one with \`npm start\`, or name its --data-dir.`;
  if (!existsSync(file)) throw new Failure(none);
  let description: CloudDescription;
  try {
    description = JSON.parse(readFileSync(file, 'utf8')) as CloudDescription;
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${messageOf(error)}`);
  }
  try {
    process.kill(description.pid, 0);
  } catch {
    throw new Failure(none);
  }
  return description;
}

/** SDK settings that reach a local cloud: its address, its CA, its administrator's credentials. */
export function localClientSettings(cloud: CloudDescription): AwsClientSettings {
  return {
    region: cloud.region,
    endpoint: cloud.apiUrl,
    credentials: fromIni({ filepath: cloud.credentialsFile, profile: 'default', ignoreCache: true }),
    requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: readFileSync(cloud.caFile), keepAlive: true }) }),
  };
}

/** The account of the environment's own credentials. */
export function awsClientSettings(region: string | undefined): AwsClientSettings {
  return region === undefined ? {} : { region };
}
