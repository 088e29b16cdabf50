import assert from 'node:assert/strict';
import { CreateThingCommand, DeleteThingCommand } from '@aws-sdk/client-iot';
import {
  DeleteThingShadowCommand,
  GetThingShadowCommand,
  ListNamedShadowsForThingCommand,
  UpdateThingShadowCommand,
} from '@aws-sdk/client-iot-data-plane';
import type { Behaviour } from '../behaviour.ts';
import type { Scene } from '../scene.ts';

async function thing(scene: Scene): Promise<string> {
  const thingName = scene.name('thing');
  await scene.iot.send(new CreateThingCommand({ thingName }));
  scene.after(() => scene.iot.send(new DeleteThingCommand({ thingName })));
  return thingName;
}

function payloadOf(bytes: Uint8Array | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(bytes ?? []).toString()) as Record<string, unknown>;
}

export const shadows: readonly Behaviour[] = [
  {
    title: 'what is desired and not reported comes to the device as a delta',
    source: 'AWS IoT developer guide, device-shadow-mqtt, "/update/delta"; device-shadow-document',
    async run(scene) {
      const thingName = await thing(scene);
      scene.after(() => scene.data.send(new DeleteThingShadowCommand({ thingName })));
      const device = await scene.trustedDevice();
      const line = await scene.eventually(() => device.connect(thingName));
      const topic = `$aws/things/${thingName}/shadow`;
      await line.subscribe(`${topic}/update/accepted`, `${topic}/update/delta`);
      await line.publish(`${topic}/update`, { state: { reported: { color: 'red' } }, clientToken: 'one' });
      const accepted = await line.takeJson(`${topic}/update/accepted`);
      assert.deepEqual(accepted.state, { reported: { color: 'red' } });
      assert.deepEqual([accepted.version, accepted.clientToken], [1, 'one']);
      const payload = Buffer.from(JSON.stringify({ state: { desired: { color: 'green' } } }));
      await scene.data.send(new UpdateThingShadowCommand({ thingName, payload }));
      const delta = await line.takeJson(`${topic}/update/delta`);
      assert.deepEqual(delta.state, { color: 'green' });
      assert.equal(delta.version, 2);
    },
  },
  {
    title: 'an update of another version than the shadow has is a conflict',
    source: 'AWS IoT developer guide, device-shadow-error-messages; data API reference, UpdateThingShadow',
    async run(scene) {
      const thingName = await thing(scene);
      scene.after(() => scene.data.send(new DeleteThingShadowCommand({ thingName })));
      const update = (body: object) =>
        scene.data.send(new UpdateThingShadowCommand({ thingName, payload: Buffer.from(JSON.stringify(body)) }));
      await update({ state: { desired: { a: 1 } } });
      await update({ state: { desired: { a: 2 } }, version: 1 });
      await assert.rejects(update({ state: { desired: { a: 3 } }, version: 1 }), { name: 'ConflictException' });
    },
  },
  {
    title: 'null removes a member, arrays are replaced whole, and a deleted shadow is not found',
    source: 'AWS IoT developer guide, device-shadow-document, "Using null", "arrays"; DeleteThingShadow',
    async run(scene) {
      const thingName = await thing(scene);
      const send = (state: object) =>
        scene.data.send(new UpdateThingShadowCommand({ thingName, payload: Buffer.from(JSON.stringify({ state })) }));
      await send({ desired: { a: 1, b: [1, 2, 3] } });
      await send({ desired: { a: null, b: [9] } });
      const { payload } = await scene.data.send(new GetThingShadowCommand({ thingName }));
      assert.deepEqual((payloadOf(payload).state as { desired: unknown }).desired, { b: [9] });
      await scene.data.send(new DeleteThingShadowCommand({ thingName }));
      await assert.rejects(scene.data.send(new GetThingShadowCommand({ thingName })), {
        name: 'ResourceNotFoundException',
      });
    },
  },
  {
    title: 'a thing has any number of named shadows beside the classic one',
    source: 'AWS IoT developer guide, iot-device-shadows; data API reference, ListNamedShadowsForThing',
    async run(scene) {
      const thingName = await thing(scene);
      for (const shadowName of ['config', 'firmware']) {
        const payload = Buffer.from('{"state":{"reported":{"ok":true}}}');
        await scene.data.send(new UpdateThingShadowCommand({ thingName, shadowName, payload }));
        scene.after(() => scene.data.send(new DeleteThingShadowCommand({ thingName, shadowName })));
      }
      await scene.eventually(async () => {
        const { results = [] } = await scene.data.send(new ListNamedShadowsForThingCommand({ thingName }));
        assert.deepEqual([...results].sort(), ['config', 'firmware']);
      });
      await assert.rejects(scene.data.send(new GetThingShadowCommand({ thingName })), {
        name: 'ResourceNotFoundException',
      });
    },
  },
  {
    title: 'a request for a shadow that is not there is rejected with code 404',
    source: 'AWS IoT developer guide, device-shadow-error-messages',
    async run(scene) {
      const thingName = await thing(scene);
      const device = await scene.trustedDevice();
      const line = await scene.eventually(() => device.connect(thingName));
      const topic = `$aws/things/${thingName}/shadow/get`;
      await line.subscribe(`${topic}/rejected`);
      await line.publish(topic, '');
      assert.equal((await line.takeJson(`${topic}/rejected`)).code, 404);
    },
  },
];
