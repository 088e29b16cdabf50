export {
  fieldMessagesOf,
  type PlantMoment,
  type PlantSamplesOptions,
  PUMP_POINTS,
  plantSamples,
} from './plant-samples.ts';
export { faultName, type ProcessFault, PUMPS, type PumpNumber } from './process-faults.ts';
