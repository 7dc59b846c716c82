/** ONNX Runtime on the host: the optional package `onnxruntime-node`, imported when a teacher needs it. What is used of it is declared here. */

/** A description of an input or output; a length given as a text is symbolic. */
interface Value {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/** A tensor on the host. */
interface HostTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/** A loaded model. */
export interface OnnxSession {
  readonly inputMetadata: readonly Value[];
  readonly outputMetadata: readonly Value[];
  readonly run: (feeds: Readonly<Record<string, HostTensor>>) => Promise<Readonly<Record<string, HostTensor>>>;
  readonly release: () => Promise<void>;
}

/** The module. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    readonly create: (
      path: string,
      options: { readonly executionProviders: readonly string[]; readonly logSeverityLevel: number },
    ) => Promise<OnnxSession>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => HostTensor;
}

/** Not of a literal type, so that the project compiles where the package is not installed. */
const PACKAGE: string = "onnxruntime-node";
/** With the version that this project is tested with; without the download of its CUDA libraries. */
const INSTALL = `ONNXRUNTIME_NODE_INSTALL=skip npm install ${PACKAGE}@1.30.0`;

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";

/** The module. @throws RangeError, one line, that says what is missing */
export async function onnxRuntime(): Promise<OnnxRuntime> {
  try {
    return await import(PACKAGE);
  } catch (error) {
    if (isMissing(error))
      throw new RangeError(`an ONNX teacher needs the package ${PACKAGE}, which is not installed: ${INSTALL}`, { cause: error });
    const reason = error instanceof Error ? error.message.split("\n", 1).join("") : String(error);
    throw new RangeError(`an ONNX teacher needs the package ${PACKAGE}, which does not load here: ${reason}`, { cause: error });
  }
}
