// Loaded into a program before its own code: SIGUSR2 begins a CPU profile, and the next one ends it and writes it down.
const { writeFileSync, renameSync } = require('node:fs');
const { Session } = require('node:inspector');
const path = require('node:path');

const INTERVAL_MICROS = 250;
const file = path.join(process.env.BENCH_PROFILE_FOLDER, `${process.pid}.cpuprofile`);
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROS });
let recording = false;

process.on('SIGUSR2', () => {
  recording = !recording;
  if (recording) return session.post('Profiler.start');
  session.post('Profiler.stop', (error, result) => {
    if (error) throw error;
    writeFileSync(`${file}.part`, JSON.stringify(result.profile));
    renameSync(`${file}.part`, file);
  });
});
