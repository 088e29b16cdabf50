import assert from 'node:assert/strict';
import {
  CreateJobCommand,
  CreateThingCommand,
  DeleteJobCommand,
  DeleteThingCommand,
  DescribeJobCommand,
  DescribeJobExecutionCommand,
} from '@aws-sdk/client-iot';
import type { Behaviour } from '../behaviour.ts';
import type { Scene } from '../scene.ts';

/** A connected thing and a job for it. */
async function jobFor(scene: Scene, document: object) {
  const { iot } = scene;
  const thingName = scene.name('thing');
  const { thingArn = '' } = await iot.send(new CreateThingCommand({ thingName }));
  scene.after(() => iot.send(new DeleteThingCommand({ thingName })));
  const device = await scene.trustedDevice();
  const line = await scene.eventually(() => device.connect(thingName));
  const topic = `$aws/things/${thingName}/jobs`;
  await line.subscribe(`${topic}/notify-next`, `${topic}/start-next/accepted`, `${topic}/+/update/+`);
  const jobId = scene.name('job');
  await iot.send(new CreateJobCommand({ jobId, targets: [thingArn], document: JSON.stringify(document) }));
  scene.after(() => iot.send(new DeleteJobCommand({ jobId, force: true })));
  return { thingName, line, topic, jobId };
}

export const jobs: readonly Behaviour[] = [
  {
    title: 'a device is told of a job, starts it, reports progress and success; the job completes',
    source: 'AWS IoT developer guide, jobs-devices, jobs-mqtt-api',
    async run(scene) {
      const { jobId, line, thingName, topic } = await jobFor(scene, { operation: 'reboot' });
      const notified = (await line.takeJson(`${topic}/notify-next`)).execution as Record<string, unknown>;
      assert.deepEqual([notified.jobId, notified.status], [jobId, 'QUEUED']);
      await line.publish(`${topic}/start-next`, { clientToken: 'start' });
      const started = await line.takeJson(`${topic}/start-next/accepted`);
      const execution = started.execution as Record<string, unknown>;
      assert.deepEqual([execution.status, execution.jobDocument], ['IN_PROGRESS', { operation: 'reboot' }]);
      const versioned = {
        status: 'IN_PROGRESS',
        statusDetails: { step: '1' },
        expectedVersion: execution.versionNumber,
      };
      await line.publish(`${topic}/${jobId}/update`, versioned);
      await line.take(`${topic}/${jobId}/update/accepted`);
      await line.publish(`${topic}/${jobId}/update`, versioned);
      assert.equal((await line.takeJson(`${topic}/${jobId}/update/rejected`)).code, 'VersionMismatch');
      await line.publish(`${topic}/${jobId}/update`, { status: 'SUCCEEDED' });
      await line.take(`${topic}/${jobId}/update/accepted`);
      const told = await scene.iot.send(new DescribeJobExecutionCommand({ jobId, thingName }));
      assert.equal(told.execution?.status, 'SUCCEEDED');
      await scene.eventually(async () => {
        const { job } = await scene.iot.send(new DescribeJobCommand({ jobId }));
        assert.equal(job?.status, 'COMPLETED');
        assert.equal(job?.jobProcessDetails?.numberOfSucceededThings, 1);
      });
    },
  },
  {
    title: 'an update of an execution that has ended is rejected as an invalid transition',
    source: 'AWS IoT developer guide, jobs-api, error codes; iot-jobs-lifecycle',
    async run(scene) {
      const { jobId, line, topic } = await jobFor(scene, {});
      await line.take(`${topic}/notify-next`);
      await line.publish(`${topic}/${jobId}/update`, { status: 'REJECTED' });
      await line.take(`${topic}/${jobId}/update/accepted`);
      await line.publish(`${topic}/${jobId}/update`, { status: 'IN_PROGRESS' });
      const { code } = await line.takeJson(`${topic}/${jobId}/update/rejected`);
      assert.equal(code, 'InvalidStateTransition');
    },
  },
];
