import type { IotPart } from '../iot-part.ts';
import type { IotService } from '../iot-service.ts';
import { jobsDataPlane } from './data-plane.ts';
import { JobsService } from './jobs-service.ts';
import { jobsTopics } from './jobs-topics.ts';
import { createJob } from './operations/create-job.ts';
import { jobExecutionOperations } from './operations/job-execution-operations.ts';
import { jobOperations } from './operations/job-operations.ts';
import { jobTemplateOperations } from './operations/job-template-operations.ts';
import { jobTemplateResource } from './resources/job-template.ts';

/** AWS IoT Jobs: control plane, data plane over MQTT and HTTP, and the job template resource. */
export function createJobsPart(service: IotService): IotPart {
  const jobs = new JobsService(service);
  const { context } = service;
  const { state, devices, documents } = jobs;
  const dataPlane = { context, state, devices, documents };
  return {
    operations: [
      createJob(jobs),
      ...jobOperations(jobs),
      ...jobExecutionOperations(jobs),
      ...jobTemplateOperations(jobs),
    ],
    apis: [jobsDataPlane(dataPlane)],
    resources: [jobTemplateResource(jobs)],
    start() {
      const reservedTopics = context.ports.get('reservedTopics');
      for (const handler of jobsTopics(dataPlane)) reservedTopics.register(handler);
      jobs.rollouts.resume();
    },
    async stop() {
      jobs.deadlines.stop();
      await jobs.notifications.settled();
    },
  };
}
