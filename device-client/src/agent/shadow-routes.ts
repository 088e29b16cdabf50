import { CLASSIC_SHADOW, shadowSectionSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { DeviceError } from '../errors.ts';
import type { Json } from '../twin/json-merge.ts';
import type { TwinFeature } from '../twin/twin-feature.ts';
import { checked, type SocketRoutes } from './control-socket.ts';

/** Bytes of a shadow's state (AWS IoT Core quotas, "Maximum size of a JSON state document"). */
const MAX_STATE_BYTES = 8_192;

const reportSchema = z.strictObject({ reported: shadowSectionSchema });

/** The name of a shadow as the settings have it; undefined is the classic one. */
export function shadowNameOf(setting: string): string | undefined {
  return setting === CLASSIC_SHADOW ? undefined : setting;
}

/** What programs of this machine ask of the shadows that are theirs: the last that was heard, and their reports. */
export function shadowRoutes(twin: Pick<TwinFeature, 'report' | 'state'>, shadows: readonly string[]): SocketRoutes {
  const routes = shadows.map((setting): SocketRoutes => {
    const name = shadowNameOf(setting);
    return {
      [`GET /shadows/${setting}`]: () => {
        const state = twin.state(name);
        return state === undefined ? NOT_YET : { status: 200, body: state };
      },
      [`POST /shadows/${setting}`]: (body) =>
        checked(reportSchema, body, ({ reported }) => report(twin, name, reported as Record<string, Json>)),
    };
  });
  return Object.assign({}, ...routes);
}

const NOT_YET = { status: 503, body: { error: 'the device has no identity yet' } } as const;

function report(twin: Pick<TwinFeature, 'report' | 'state'>, name: string | undefined, own: Record<string, Json>) {
  const before = twin.state(name);
  if (before === undefined) return NOT_YET;
  const bytes = Buffer.byteLength(JSON.stringify({ ...before.reported, ...own }));
  if (bytes > MAX_STATE_BYTES) {
    return { status: 413, body: { error: `the state would have ${bytes} bytes, and a shadow has ${MAX_STATE_BYTES}` } };
  }
  try {
    twin.report(name, own);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return { status: 503, body: { error: error.message } };
  }
  return { status: 200, body: { reported: twin.state(name)?.reported ?? {} } };
}
