export {
  fieldMessagesOf,
  type PlantMoment,
  type PlantSamplesOptions,
  PUMP_POINTS,
  plantSamples,
} from './plant-samples.ts';
export { plantSources } from './plant-sources.ts';
export { faultName, type ProcessFault, PUMPS, type PumpNumber } from './process-faults.ts';
export { createSimulatedPlant, type PlantOptions, type PlantPorts, type SimulatedPlant } from './simulated-plant.ts';
export { PLANT_SOURCES, type PlantSource, type WireFault } from './wire-faults.ts';
