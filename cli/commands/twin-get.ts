import { GetThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { Failure } from '../failure.ts';
import { isNamed } from '../operator/back-off.ts';
import type { StageOptions } from '../operator/stage.ts';
import { withDevice } from '../twin/with-device.ts';

export interface TwinOptions extends StageOptions {
  /** Named shadow; without it the classic one. */
  readonly shadow?: string;
}

/** `fleetwright twin get`: prints a shadow's document as JSON. */
export async function twinGet(name: string, options: TwinOptions): Promise<void> {
  await withDevice(name, options, [], async ({ clients, thingName }) => {
    const data = await clients.data();
    try {
      const { payload } = await data.send(new GetThingShadowCommand({ thingName, shadowName: options.shadow }));
      process.stdout.write(
        `${JSON.stringify(JSON.parse(Buffer.from(payload ?? []).toString('utf8')), undefined, 2)}\n`,
      );
    } catch (error) {
      if (!isNamed(error, 'ResourceNotFoundException')) throw error;
      throw new Failure(`${thingName} has no ${options.shadow ?? 'classic'} shadow`, 1, { cause: error });
    }
  });
}
