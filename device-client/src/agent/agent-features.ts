import { configShadowSchema } from '@fleetwright/contracts';
import { CommandsFeature } from '../commands/commands-feature.ts';
import { DefenderFeature } from '../defender/defender-feature.ts';
import { readMetric } from '../defender/metric-file.ts';
import type { DeviceFeature } from '../feature.ts';
import { HealthFeature } from '../health/health-feature.ts';
import { linuxHealth } from '../health/linux-health.ts';
import { configureHandler } from '../jobs/handlers/configure.ts';
import { linuxMachine, rebootHandler } from '../jobs/handlers/reboot.ts';
import { rotateCertificateHandler } from '../jobs/handlers/rotate-certificate.ts';
import { runScriptHandler } from '../jobs/handlers/run-script.ts';
import { uploadLogsHandler } from '../jobs/handlers/upload-logs.ts';
import type { AnyJobHandler } from '../jobs/job-handler.ts';
import { isInWindow } from '../jobs/job-window.ts';
import { JobsFeature } from '../jobs/jobs-feature.ts';
import { PowerFeature } from '../power/power-feature.ts';
import { PresenceFeature } from '../presence/presence-feature.ts';
import { CloudTime } from '../replay/cloud-time.ts';
import { settingHandler } from '../twin/settings-handler.ts';
import { TwinFeature } from '../twin/twin-feature.ts';
import { agentCommands } from './agent-commands.ts';
import type { AgentParts } from './agent-parts.ts';
import { agentUpdates } from './agent-updates.ts';
import { agentWellness, featuresRun } from './agent-wellness.ts';
import type { SocketRoutes } from './control-socket.ts';
import { proxyOf, readIf } from './device-options.ts';
import { SampleIntake } from './sample-intake.ts';
import { shadowNameOf, shadowRoutes } from './shadow-routes.ts';

/** What the agent is made of, beside telemetry. */
export interface AgentFeatures {
  readonly features: readonly DeviceFeature[];
  /** Takes the samples of this machine. */
  readonly intake: SampleIntake;
  readonly presence: PresenceFeature;
  /** Remote settings that are in use, by name. */
  settings(): Readonly<Record<string, unknown>>;
  /** What programs of this machine may ask of their shadows. */
  readonly shadows: SocketRoutes;
  /** Whether this agent can update itself. */
  readonly updates: boolean;
  /** The agent's state is another one. */
  stateChanged(): void;
  /** Resolves when no job begins any more that was asked for in an earlier state. */
  jobsSettled(): Promise<void>;
}

const setting = configShadowSchema.shape;
const HEALTH_INTERVAL = 300_000;

/** @throws DeviceError `INPUT_INVALID` */
export function agentFeatures(parts: AgentParts): AgentFeatures {
  const { clock, config, device, log } = parts;
  const time = new CloudTime({ clock });
  const intake = new SampleIntake(device, log);
  const { edge } = intake;
  const features: DeviceFeature[] = [];
  const expected = () => ['telemetry', ...features.map(({ name }) => name)];
  const update = agentUpdates(parts, [featuresRun({ device, expected })]);
  const firmware = () => update?.firmware() ?? config.device.firmware;
  const presence = new PresenceFeature({ firmware, say: (event) => device.telemetry.publish('event', event) });
  const source = linuxHealth({ directory: config.stateDirectory });
  const health = new HealthFeature({
    firmware,
    source,
    interval: HEALTH_INTERVAL,
    agent: () => {
      const { droppedSamples, waiting } = device.telemetry.stats;
      return { errors: log.errors, samplesWaiting: waiting, samplesDropped: droppedSamples };
    },
  });
  const reportHealth = async () => health.report(await source.read());
  const twin = new TwinFeature({
    time,
    shadows: [
      {
        name: 'config',
        healthy: agentWellness({ device, expected, report: reportHealth, clock, within: config.twin.healthyWithin }),
        settings: {
          // The programs of this machine take the samples: they ask for it (`GET /settings`).
          sampleInterval: settingHandler({ schema: setting.sampleInterval.unwrap(), apply: () => {} }),
          healthInterval: settingHandler({
            schema: setting.healthInterval.unwrap(),
            apply: (value) => health.setInterval(value ?? HEALTH_INTERVAL),
          }),
          logLevel: settingHandler({
            schema: setting.logLevel.unwrap(),
            apply: (value) => log.setLevel(value ?? config.log.level),
          }),
          edge: settingHandler({ schema: setting.edge.unwrap(), apply: (value) => edge.configure(value) }),
        },
      },
      ...config.twin.shadows.map((name) => ({ name: shadowNameOf(name), passes: true })),
    ],
  });
  const handlers: AnyJobHandler[] = [
    configureHandler(twin),
    rebootHandler({ machine: linuxMachine(config.jobs.rebootCommand), clock }),
    rotateCertificateHandler(device),
    uploadLogsHandler({
      logs: parts.logFile,
      clock,
      random: parts.random,
      serverCaPem: readIf(config.downloads.caFile, 'downloads.caFile'),
      proxy: proxyOf(config.proxy),
    }),
  ];
  const { scriptDirectory } = config.jobs;
  if (scriptDirectory !== undefined) handlers.push(runScriptHandler({ directory: scriptDirectory }));
  if (update !== undefined) handlers.push(update.feature.handler);
  const commands = new CommandsFeature({ handlers: agentCommands({ device, clock, log, reportHealth }), time });
  features.push(presence, health, edge, twin, commands);
  if (config.power !== undefined) {
    const charge = async () => (await source.read()).battery;
    features.push(new PowerFeature({ budget: config.power, charge, target: device.telemetry }));
  }
  if (update !== undefined) features.push(update.feature);
  const { windows } = config.jobs;
  const jobs = new JobsFeature({
    handlers,
    time,
    // Somebody works at the device, or an update goes on that no job of this agent waits for: nothing else is begun.
    ready: () => parts.state() === 'active' && (windows?.some((window) => isInWindow(window, clock.now())) ?? true),
  });
  const { customMetrics, interval } = config.defender;
  const metrics = customMetrics.map((metric) => [metric.name, () => readMetric(metric)] as const);
  features.push(jobs, new DefenderFeature({ interval, customMetrics: Object.fromEntries(metrics) }));
  return {
    features,
    intake,
    presence,
    settings: () => twin.settings('config') ?? {},
    shadows: shadowRoutes(twin, config.twin.shadows),
    updates: update !== undefined,
    stateChanged: () => jobs.wake(),
    jobsSettled: () => jobs.settled(),
  };
}
