/** A server or tool that the tests run. */
export type RealServer = GoProgram | PythonProgram | DebianPackage;

/** Built from a Go module, with the Go toolchain and the module proxy of the environment. */
export interface GoProgram {
  readonly kind: "go";
  readonly name: string;
  readonly module: string;
  /** A version of the module, which is also part of the cache folder's name. */
  readonly version: string;
  /** The package with `func main`. */
  readonly package: string;
  /**
   * The version of the modules that the module's go.mod replaces by folders of its repository. Default: such
   * replacements are omitted, which is right if its requirements name real versions.
   */
  readonly replacedFolders?: string;
  /** Newer versions of modules that it requires, for those that do not work with the current Go. */
  readonly requires?: Readonly<Record<string, string>>;
  /** String variables of Go packages to set, as `package.variable`. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Whether it may use C libraries. Default: as the Go toolchain is set. */
  readonly cgo?: false;
  /** Whether a program of this name in the folder `KUBEBUILDER_ASSETS`, if that is set, is used instead. */
  readonly kubebuilder?: boolean;
}

/** Installed from PyPI into a virtual environment of its own. Needs `python3` with `venv`. */
export interface PythonProgram {
  readonly kind: "python";
  /** The name of the script that the package installs. */
  readonly name: string;
  /** The package on PyPI, with its extras. */
  readonly package: string;
  /** A version of the package, which is also part of the cache folder's name. */
  readonly version: string;
}

/** Installed with apt-get if permitted, else found on PATH. */
export interface DebianPackage {
  readonly kind: "debian";
  readonly name: string;
  readonly package: string;
}

/** Everything that `install.ts` provides, one row each. */
export const realServers: readonly RealServer[] = [
  {
    kind: "go",
    name: "grpcurl",
    module: "github.com/fullstorydev/grpcurl",
    version: "v1.9.4",
    package: "github.com/fullstorydev/grpcurl/cmd/grpcurl",
  },
  {
    kind: "go",
    name: "etcd",
    module: "go.etcd.io/etcd/server/v3",
    version: "v3.6.16",
    package: "go.etcd.io/etcd/server/v3",
    kubebuilder: true,
  },
  {
    kind: "go",
    name: "kube-apiserver",
    module: "k8s.io/kubernetes",
    version: "v1.36.3",
    package: "k8s.io/kubernetes/cmd/kube-apiserver",
    replacedFolders: "v0.36.3",
    // Otherwise the server reports the version v0.0.0-master.
    variables: { "k8s.io/component-base/version.gitVersion": "v1.36.3" },
    kubebuilder: true,
  },
  {
    kind: "go",
    name: "toxiproxy",
    module: "github.com/Shopify/toxiproxy/v2",
    version: "v2.5.0",
    package: "github.com/Shopify/toxiproxy/v2/cmd/server",
  },
  {
    kind: "go",
    name: "connectconformance",
    module: "connectrpc.com/conformance",
    version: "v1.0.7",
    package: "connectrpc.com/conformance/cmd/connectconformance",
  },
  lokiProgram("loki"),
  lokiProgram("logcli"),
  {
    kind: "go",
    name: "versitygw",
    module: "github.com/versity/versitygw",
    version: "v1.8.0",
    package: "github.com/versity/versitygw/cmd/versitygw",
  },
  { kind: "python", name: "moto_server", package: "moto[server]", version: "5.2.5" },
  { kind: "python", name: "aws", package: "awscli", version: "1.46.3" },
  { kind: "python", name: "robot", package: "robotframework", version: "7.5" },
  { kind: "debian", name: "nginx", package: "nginx-light" },
];

/** The last minor version of Loki under the Apache licence, with its command line client. */
function lokiProgram(name: "loki" | "logcli"): GoProgram {
  return {
    kind: "go",
    name,
    module: "github.com/grafana/loki",
    version: "v1.6.1",
    package: `github.com/grafana/loki/cmd/${name}`,
    // What it requires itself panics at the start when it is built with a current Go.
    requires: {
      "golang.org/x/sys": "v0.30.0",
      "github.com/modern-go/reflect2": "v1.0.2",
      "github.com/json-iterator/go": "v1.1.12",
    },
    // Otherwise it links systemd's library, whose headers are rarely installed.
    cgo: false,
  };
}
