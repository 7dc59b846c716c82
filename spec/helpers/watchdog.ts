/** A device whose driver resets it when one command buffer holds too much work, as the watchdogs of drivers do. */

/**
 * Makes a device be lost when a command buffer with more than so many workgroups is submitted. Work is counted in workgroups here, and by other numbers in
 * the engine, since an engine does not know what its driver counts.
 */
export function watched(device: GPUDevice, most: number): GPUDevice {
  const workgroups = new WeakMap<GPUCommandBuffer, number>();
  const createEncoder = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (descriptor) => {
    const encoder = createEncoder(descriptor);
    let count = 0;
    const beginPass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (of) => {
      const pass = beginPass(of);
      const dispatch = pass.dispatchWorkgroups.bind(pass);
      pass.dispatchWorkgroups = (x, y = 1, z = 1) => {
        count += x * y * z;
        return dispatch(x, y, z);
      };
      return pass;
    };
    const finish = encoder.finish.bind(encoder);
    encoder.finish = (of) => {
      const commands = finish(of);
      workgroups.set(commands, count);
      return commands;
    };
    return encoder;
  };
  const { queue } = device;
  const submit = queue.submit.bind(queue);
  queue.submit = (buffers) => {
    const all = [...buffers];
    if (all.some((commands) => (workgroups.get(commands) ?? 0) > most)) {
      device.destroy(); // before they are done
      return undefined;
    }
    return submit(all);
  };
  return device;
}
