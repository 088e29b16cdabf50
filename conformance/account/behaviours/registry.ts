import assert from 'node:assert/strict';
import {
  AddThingToThingGroupCommand,
  AttachThingPrincipalCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  DeleteCertificateCommand,
  DeleteThingCommand,
  DeleteThingGroupCommand,
  DescribeThingCommand,
  DetachThingPrincipalCommand,
  ListPrincipalThingsCommand,
  ListThingsInThingGroupCommand,
  UpdateThingCommand,
} from '@aws-sdk/client-iot';
import type { Behaviour } from '../behaviour.ts';

export const registry: readonly Behaviour[] = [
  {
    title: 'a thing is created and described; the same call again has no effect, another one is refused',
    source: 'AWS IoT API reference, CreateThing',
    async run(scene) {
      const { iot } = scene;
      const thingName = scene.name('thing');
      const input = { thingName, attributePayload: { attributes: { wattage: '75' } } };
      const made = await iot.send(new CreateThingCommand(input));
      scene.after(() => iot.send(new DeleteThingCommand({ thingName })));
      assert.equal((await iot.send(new CreateThingCommand(input))).thingId, made.thingId);
      const other = { thingName, attributePayload: { attributes: { wattage: '60' } } };
      await assert.rejects(iot.send(new CreateThingCommand(other)), { name: 'ResourceAlreadyExistsException' });
      const { attributes, defaultClientId, version } = await iot.send(new DescribeThingCommand({ thingName }));
      const expected = { attributes: { wattage: '75' }, defaultClientId: thingName, version: 1 };
      assert.deepEqual({ attributes, defaultClientId, version }, expected);
    },
  },
  {
    title: 'an update with another version than the thing has is a conflict; deleting what is not there is none',
    source: 'AWS IoT API reference, UpdateThing (expectedVersion) and DeleteThing',
    async run(scene) {
      const { iot } = scene;
      const thingName = scene.name('thing');
      await iot.send(new CreateThingCommand({ thingName }));
      scene.after(() => iot.send(new DeleteThingCommand({ thingName })));
      const attributePayload = { attributes: { a: '1' }, merge: true };
      await iot.send(new UpdateThingCommand({ thingName, attributePayload, expectedVersion: 1 }));
      await assert.rejects(iot.send(new UpdateThingCommand({ thingName, attributePayload, expectedVersion: 1 })), {
        name: 'VersionConflictException',
      });
      await iot.send(new DeleteThingCommand({ thingName: scene.name('nobody') }));
      await assert.rejects(iot.send(new DescribeThingCommand({ thingName: scene.name('nobody') })), {
        name: 'ResourceNotFoundException',
      });
    },
  },
  {
    title: 'things are members of groups and have principals; an active certificate cannot be deleted',
    source: 'AWS IoT developer guide, thing-groups; API reference, AttachThingPrincipal and DeleteCertificate',
    async run(scene) {
      const { iot } = scene;
      const thingName = scene.name('thing');
      const thingGroupName = scene.name('group');
      await iot.send(new CreateThingCommand({ thingName }));
      scene.after(() => iot.send(new DeleteThingCommand({ thingName })));
      await iot.send(new CreateThingGroupCommand({ thingGroupName }));
      scene.after(() => iot.send(new DeleteThingGroupCommand({ thingGroupName })));
      await iot.send(new AddThingToThingGroupCommand({ thingGroupName, thingName }));
      const { things } = await iot.send(new ListThingsInThingGroupCommand({ thingGroupName }));
      assert.deepEqual(things, [thingName]);
      const device = await scene.trustedDevice();
      const attachment = { thingName, principal: device.certificateArn };
      await iot.send(new AttachThingPrincipalCommand(attachment));
      scene.after(() => iot.send(new DetachThingPrincipalCommand(attachment)));
      await scene.eventually(async () => {
        const attached = await iot.send(new ListPrincipalThingsCommand({ principal: device.certificateArn }));
        assert.deepEqual(attached.things, [thingName]);
      });
      const { certificateId } = device;
      await assert.rejects(iot.send(new DeleteCertificateCommand({ certificateId, forceDelete: true })), {
        name: 'CertificateStateException',
      });
    },
  },
];
