import { UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { type NamedShadow, PRESENCE_SHADOW, SHADOW_SCHEMAS } from '@fleetwright/contracts';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import { isNamed } from '../operator/back-off.ts';
import { parseJson } from '../twin/parse-json.ts';
import { withDevice } from '../twin/with-device.ts';
import type { TwinOptions } from './twin-get.ts';

export interface TwinSetOptions extends TwinOptions {
  /** Refused when the shadow has another version by now. */
  readonly ifVersion?: number;
}

/** `fleetwright twin set`: asks for a state; `null` takes a value, or the whole, back. */
export async function twinSet(name: string, desiredText: string, options: TwinSetOptions): Promise<void> {
  const desired = readDesired(desiredText, options.shadow);
  await withDevice(name, options, [], async ({ clients, thingName }) => {
    const data = await clients.data();
    const version = options.ifVersion;
    const request = { state: { desired }, ...(version !== undefined && { version }) };
    try {
      const { payload } = await data.send(
        new UpdateThingShadowCommand({
          thingName,
          shadowName: options.shadow,
          payload: Buffer.from(JSON.stringify(request)),
        }),
      );
      const accepted = JSON.parse(Buffer.from(payload ?? []).toString('utf8')) as { version: number };
      process.stdout.write(`${thingName} ${options.shadow ?? 'classic'}: version ${accepted.version}\n`);
    } catch (error) {
      if (!isNamed(error, 'ConflictException')) throw error;
      throw new Failure(`the shadow has another version than ${version} by now; read it again`, 1, { cause: error });
    }
  });
}

/** @throws Failure for what is no state, or not one that the contract of the shadow allows */
export function readDesired(text: string, shadow: string | undefined): unknown {
  if (shadow === PRESENCE_SHADOW) throw new Failure('presence is what the platform observes; nobody can ask for it');
  const desired = parseJson('the desired state', text);
  if (desired === null) return null;
  if (typeof desired !== 'object' || Array.isArray(desired)) {
    throw new Failure('the desired state must be a JSON object, or null to take it back');
  }
  const schema = Object.hasOwn(SHADOW_SCHEMAS, shadow ?? '') ? SHADOW_SCHEMAS[shadow as NamedShadow] : undefined;
  // What is taken back needs no valid value.
  const kept = Object.fromEntries(Object.entries(desired).filter(([, value]) => value !== null));
  const parsed = schema?.safeParse(kept);
  if (parsed?.success === false) throw new Failure(`not a state of ${shadow}:\n${z.prettifyError(parsed.error)}`);
  return desired;
}
