/**
 * Texts of /proc/PID/cgroup as people showed them in public, with what each of them says; where one was shown line after line alike,
 * the lines that differ are kept. Then shapes that must say nothing.
 */
import { assertEquals } from "@std/assert";
import {
  type CgroupIdentity,
  cgroupIdentity,
  NO_IDENTITY,
} from "../../../../src/state/cgroup_identity.ts";

interface Recorded {
  readonly what: string;
  /** A public repository and its issue, pull request or file. */
  readonly from: string;
  readonly text: string;
  readonly is: Partial<CgroupIdentity>;
}

const RECORDED: readonly Recorded[] = [
  {
    what: "Docker, cgroupfs driver, v1",
    from: "open-telemetry/opentelemetry-go issue 3633",
    text:
      `14:name=systemd:/docker/8c1e75bb325eb9c64571326952a6507132f1fc7eba7cd5b694422abe39fc7ed8
13:rdma:/
12:pids:/docker/8c1e75bb325eb9c64571326952a6507132f1fc7eba7cd5b694422abe39fc7ed8
`,
    is: {
      containerId:
        "8c1e75bb325eb9c64571326952a6507132f1fc7eba7cd5b694422abe39fc7ed8",
    },
  },
  {
    what: "Docker, systemd driver, v1",
    from: "neuvector/neuvector share/system/cgroup_test.go",
    text:
      `10:devices:/system.slice/docker-9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d.scope
2:cpuacct,cpu:/system.slice/docker-9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d.scope
`,
    is: {
      containerId:
        "9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d",
    },
  },
  {
    what: "Docker on Debian, no parent, v1",
    from: "neuvector/neuvector share/system/cgroup_test.go",
    text:
      `10:net_prio:/4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970
9:perf_event:/4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970
`,
    is: {
      containerId:
        "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970",
    },
  },
  {
    what: "a Docker daemon in a Docker container, v1",
    from: "kubernetes/kubernetes issue 18202",
    text:
      `9:perf_event:/docker/81950eac55062e5d8e7b5567d1036e4b146dfe212bdc9263c97347e6ce86b904
2:cpuset:/docker/81950eac55062e5d8e7b5567d1036e4b146dfe212bdc9263c97347e6ce86b904
1:name=systemd:/system.slice/docker.service
`,
    is: {
      containerId:
        "81950eac55062e5d8e7b5567d1036e4b146dfe212bdc9263c97347e6ce86b904",
    },
  },
  {
    what: "kubelet with the systemd driver over Docker, v1",
    from: "lxc/lxc issue 3890",
    text: `12:rdma:/
11:freezer:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7d4424e6_bb13_42f4_a47a_45a4828bf54d.slice/docker-d0b3604b67ac7930dd34ba3a796627e3e4717d12309e90a4afe3f38b6816ac98.scope
`,
    is: {
      containerId:
        "d0b3604b67ac7930dd34ba3a796627e3e4717d12309e90a4afe3f38b6816ac98",
      podUid: "7d4424e6-bb13-42f4-a47a-45a4828bf54d",
    },
  },
  {
    what: "kubelet with the systemd driver over Docker with cgroupfs, v1",
    from: "kubernetes/kubernetes issue 36807",
    text:
      `11:memory:/system.slice/docker.service/BestEffort.slice/BestEffort-pod0d33f94b_ab1a_11e6_9e1a_68f7281d8004.slice/0c34bcd7d02f321d0df7aa6ea703285b02abebc9096c5128c14091fc43ea1f3b
9:freezer:/BestEffort.slice/BestEffort-pod0d33f94b_ab1a_11e6_9e1a_68f7281d8004.slice/0c34bcd7d02f321d0df7aa6ea703285b02abebc9096c5128c14091fc43ea1f3b
`,
    is: {
      containerId:
        "0c34bcd7d02f321d0df7aa6ea703285b02abebc9096c5128c14091fc43ea1f3b",
      podUid: "0d33f94b-ab1a-11e6-9e1a-68f7281d8004",
    },
  },
  {
    what: "kubelet with the cgroupfs driver, hybrid",
    from: "DataDog/datadog-agent pkg/util/cgroups",
    text: `12:rdma:/
11:memory:/kubepods/burstable/pod15513b48-e7a5-48fc-b9e3-92f713f36504/a51a9f7d073f848e7fc59e56e8f11524f330a2175a4ed26327da2dfe0d28015f
1:name=systemd:/kubepods/burstable/pod15513b48-e7a5-48fc-b9e3-92f713f36504/a51a9f7d073f848e7fc59e56e8f11524f330a2175a4ed26327da2dfe0d28015f
0::/system.slice/containerd.service`,
    is: {
      containerId:
        "a51a9f7d073f848e7fc59e56e8f11524f330a2175a4ed26327da2dfe0d28015f",
      podUid: "15513b48-e7a5-48fc-b9e3-92f713f36504",
    },
  },
  {
    what: "kubelet in a Docker container, hybrid",
    from: "DataDog/datadog-agent pkg/util/cgroups",
    text:
      `14:name=systemd:/docker/88ea268ece65a02d68b169fd74bcbcb427eb7f28900db0e3b906fb2eeb7341df/kubelet/kubepods/burstable/poda5ea884f-9e60-4912-bd62-fef9a31db47a/a51a9f7d073f848e7fc59e56e8f11524f330a2175a4ed26327da2dfe0d28015e
13:rdma:/
0::/docker/88ea268ece65a02d68b169fd74bcbcb427eb7f28900db0e3b906fb2eeb7341df/system.slice/containerd.service`,
    is: {
      containerId:
        "a51a9f7d073f848e7fc59e56e8f11524f330a2175a4ed26327da2dfe0d28015e",
      podUid: "a5ea884f-9e60-4912-bd62-fef9a31db47a",
    },
  },
  {
    what: "kubelet with the cgroupfs driver, v2",
    from: "DataDog/datadog-agent pkg/util/cgroups",
    text:
      "0::/kubepods/burstable/pod15513b48-e7a5-48fc-b9e3-92f713f36504/a51a9f7d073f848e7fc59e56e8f11524f330a2175a4ed26327da2dfe0d28015f",
    is: {
      containerId:
        "a51a9f7d073f848e7fc59e56e8f11524f330a2175a4ed26327da2dfe0d28015f",
      podUid: "15513b48-e7a5-48fc-b9e3-92f713f36504",
    },
  },
  {
    what: "seen from another cgroup namespace, v2",
    from: "DataDog/datadog-agent pkg/util/cgroups",
    text:
      "0::../../../kubepods-burstable.slice/kubepods-burstable-pod562c01d6_6aba_49fe_ae52_61c40c04eca4.slice/docker-a51a9f7d073f848e7fc59e56e8f11524f330a2175a4ed26327da2dfe0d28015f.scope",
    is: {
      containerId:
        "a51a9f7d073f848e7fc59e56e8f11524f330a2175a4ed26327da2dfe0d28015f",
      podUid: "562c01d6-6aba-49fe-ae52-61c40c04eca4",
    },
  },
  {
    what: "containerd, the drivers at odds, v1",
    from: "open-telemetry/opentelemetry-java issue 4507",
    text:
      `11:perf_event:/kubepods-besteffort-pod0125ec2f_b64a_4868_8f5b_94b56cbab864.slice:cri-containerd:ee4b20e90ac7f42a10bd004d05646b13d8ab5e2c5e7cbc01abf8006bac016459
10:blkio:/system.slice/containerd.service/kubepods-besteffort-pod0125ec2f_b64a_4868_8f5b_94b56cbab864.slice:cri-containerd:ee4b20e90ac7f42a10bd004d05646b13d8ab5e2c5e7cbc01abf8006bac016459
`,
    is: {
      containerId:
        "ee4b20e90ac7f42a10bd004d05646b13d8ab5e2c5e7cbc01abf8006bac016459",
      podUid: "0125ec2f-b64a-4868-8f5b-94b56cbab864",
    },
  },
  {
    what: "the same on systemd's own hierarchy, v1",
    from: "elastic/apm-agent-nodejs issue 3550",
    text:
      "1:name=systemd:/system.slice/containerd.service/kubepods-burstable-podff49d0be_16b7_4a49_bb9e_8ec1f1f4e27f.slice:cri-containerd:0f99ad5f45163ed14ab8eaf92ed34bb4a631d007f8755a7d79be614bcb0df0ef",
    is: {
      containerId:
        "0f99ad5f45163ed14ab8eaf92ed34bb4a631d007f8755a7d79be614bcb0df0ef",
      podUid: "ff49d0be-16b7-4a49-bb9e-8ec1f1f4e27f",
    },
  },
  {
    what: "containerd on EKS, systemd driver, v1",
    from: "open-telemetry/opentelemetry-js issue 3614",
    text:
      `11:perf_event:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podcfbe1789_8da4_4a1d_9fa1_f49a2be9eef5.slice/cri-containerd-35c6b5574bc50507e0b8535bb826e39c4cc0b8dd587930b0947d86239eb0f0a9.scope
`,
    is: {
      containerId:
        "35c6b5574bc50507e0b8535bb826e39c4cc0b8dd587930b0947d86239eb0f0a9",
      podUid: "cfbe1789-8da4-4a1d-9fa1-f49a2be9eef5",
    },
  },
  {
    what: "a static pod, whose uid has no dashes",
    from: "netdata/netdata issue 4868 (as a path below the mount)",
    text:
      "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod187bff14cccb94f179e943eacce55bb3.slice/cri-containerd-c203a2647ef1ad78e990157c50331f3b6ef0b03336cf08535d6bf7faa5421415.scope",
    is: {
      containerId:
        "c203a2647ef1ad78e990157c50331f3b6ef0b03336cf08535d6bf7faa5421415",
      podUid: "187bff14cccb94f179e943eacce55bb3",
    },
  },
  {
    what: "containerd in kind, systemd driver, v2",
    from: "containerd/nri pull request 227 (as a path below the mount)",
    text:
      "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod1e597579_417e_482f_bf65_5fe170c3aebd.slice/cri-containerd-a09bc17f5aa29b0dbdec9ede5f46cf1396d2405917ab02e6f1eb1019f388396e.scope",
    is: {
      containerId:
        "a09bc17f5aa29b0dbdec9ede5f46cf1396d2405917ab02e6f1eb1019f388396e",
      podUid: "1e597579-417e-482f-bf65-5fe170c3aebd",
    },
  },
  {
    what: "CRI-O, systemd driver, v1 with misc",
    from: "open-telemetry/opentelemetry-js-contrib issue 1677",
    text:
      `13:misc:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podef16c429_a6ae_4674_a08e_848717fd4555.slice/crio-00601ecc8806271163e6f8e8456d1614817bc5e6d7fa19025fea6fb0b373e7bb.scope
`,
    is: {
      containerId:
        "00601ecc8806271163e6f8e8456d1614817bc5e6d7fa19025fea6fb0b373e7bb",
      podUid: "ef16c429-a6ae-4674-a08e-848717fd4555",
    },
  },
  {
    what: "CRI-O beside a hierarchy that it does not use",
    from: "opencontainers/runc issue 4620",
    text:
      `13:freezer:/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-poda5c1f8d5_1919_434d_add7_4afaafdaef89.slice/crio-5eed917563583925ffdbd40a64efb2aaffe58638e57add8becaf460fe74f5b1c.scope
11:files:/
`,
    is: {
      containerId:
        "5eed917563583925ffdbd40a64efb2aaffe58638e57add8becaf460fe74f5b1c",
      podUid: "a5c1f8d5-1919-434d-add7-4afaafdaef89",
    },
  },
  {
    what: "CRI-O's monitor, which is in the pod and in no container",
    from: "opencontainers/runc issue 4620 (CGroup of systemctl status)",
    text:
      "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod207aaad1_659f_4db8_88e0_46e0cdcc3004.slice/crio-conmon-32da98c8522068be05a7510a3eddb09cad6ed2f03286180d0e931d0d0b6224a6.scope",
    is: {
      podUid: "207aaad1-659f-4db8-88e0-46e0cdcc3004",
      unit:
        "crio-conmon-32da98c8522068be05a7510a3eddb09cad6ed2f03286180d0e931d0d0b6224a6.scope",
    },
  },
  {
    what: "CRI-O in a Docker container (minikube)",
    from: "kubernetes/minikube issue 11280 (CGroup of systemctl status)",
    text:
      "0::/docker/d6701ec289c56e4391acb11d07474b3139466857a305490575508a8b7a9fcf22/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod2ca4a155_3599_498d_bb9d_4446693fa3ea.slice/crio-358607a37e7ada357032e7f5729c9ae6a3efdb7962acbcbe47ff6a3c5506cb1c.scope",
    is: {
      containerId:
        "358607a37e7ada357032e7f5729c9ae6a3efdb7962acbcbe47ff6a3c5506cb1c",
      podUid: "2ca4a155-3599-498d-bb9d-4446693fa3ea",
    },
  },
  {
    what: "Podman by root with an init system, hybrid",
    from: "podman-container-tools/podman issue 10602",
    text:
      `12:pids:/machine.slice/libpod-2521e906f0a0c758c3a7dc4fd68c197e32e96abb4b36807d0b0ede6d014a7c24.scope
1:name=systemd:/machine.slice/libpod-2521e906f0a0c758c3a7dc4fd68c197e32e96abb4b36807d0b0ede6d014a7c24.scope/init.scope
`,
    is: {
      containerId:
        "2521e906f0a0c758c3a7dc4fd68c197e32e96abb4b36807d0b0ede6d014a7c24",
      unit: "init.scope",
    },
  },
  {
    what: "Podman in root's own session, v2",
    from: "podman-container-tools/podman issue 20423",
    text:
      "0::/user.slice/user-0.slice/user@0.service/machine.slice/libpod-cf21d19260ace8544fe8b769fc2638bf2c0873dfbfff0b6253f0569b26a1d5eb.scope/container\n",
    is: {
      containerId:
        "cf21d19260ace8544fe8b769fc2638bf2c0873dfbfff0b6253f0569b26a1d5eb",
    },
  },
  {
    what: "Podman by a user, v2",
    from: "opencontainers/runc libcontainer/cgroups/systemd (a comment)",
    text:
      "0::/user.slice/user-1001.slice/user@1001.service/user.slice/libpod-132ff0d72245e6f13a3bbc6cdc5376886897b60ac59eaa8dea1df7ab959cbf1c.scope",
    is: {
      containerId:
        "132ff0d72245e6f13a3bbc6cdc5376886897b60ac59eaa8dea1df7ab959cbf1c",
    },
  },
  {
    what: "a user's Podman without a container",
    from: "containers/crun issue 376",
    text:
      "0::/user.slice/user-1000.slice/user@1000.service/user.slice/podman-6696.scope\n",
    is: { unit: "podman-6696.scope" },
  },
  {
    what: "LXC since 4.0",
    from: "canonical/lxd issue 9134 (a trace of lxc)",
    text: "0::/lxc.payload.ns2/system.slice/systemd-resolved.service",
    is: { containerId: "ns2", unit: "systemd-resolved.service" },
  },
  {
    what: "LXC before 3.1",
    from: "netdata/netdata issue 3199 (as a path below the mount)",
    text: "4:cpu,cpuacct:/lxc/deloittedigi/system.slice/php7.1-fpm.service\n",
    is: { containerId: "deloittedigi", unit: "php7.1-fpm.service" },
  },
  {
    what: "a kubelet that systemd started from a session",
    from: "kubernetes/kubernetes issue 19346",
    text: `10:cpuset:/kubelet
1:name=systemd:/user.slice/user-1000.slice/session-1.scope
`,
    is: { unit: "session-1.scope" },
  },
  {
    what: "a user's application",
    from: "podman-container-tools/podman issue 20910",
    text:
      "0::/user.slice/user-10000.slice/user@10000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-f22f14d2-3d44-4304-9879-3fdd0df7b08e.scope\n",
    is: { unit: "vte-spawn-f22f14d2-3d44-4304-9879-3fdd0df7b08e.scope" },
  },
  {
    what: "a service",
    from: "DataDog/datadog-agent pkg/util/cgroups (one line of many)",
    text: "0::/system.slice/containerd.service",
    is: { unit: "containerd.service" },
  },
];

for (const { what, from, text, is } of RECORDED) {
  Deno.test(`cgroupIdentity() knows ${what} (${from})`, () => {
    assertEquals(cgroupIdentity(text), { ...NO_IDENTITY, ...is });
  });
}

const ID = "a51a9f7d073f848e7fc59e56e8f11524f330a2175a4ed26327da2dfe0d28015f";
const UID = "15513b48-e7a5-48fc-b9e3-92f713f36504";

Deno.test("cgroupIdentity() knows a virtual machine's scope, escaped as systemd does", () => {
  assertEquals(
    cgroupIdentity(
      "0::/machine.slice/machine-qemu\\x2d6\\x2dvm1.scope/libvirt/emulator\n",
    ),
    { ...NO_IDENTITY, unit: "machine-qemu\\x2d6\\x2dvm1.scope" },
  );
});

Deno.test("cgroupIdentity() reads the path of a cgroup that is gone already", () => {
  assertEquals(cgroupIdentity(`0::/docker/${ID} (deleted)\n`), {
    ...NO_IDENTITY,
    containerId: ID,
  });
});

const NOTHING: Readonly<Record<string, string>> = {
  "an empty file": "",
  "the root": "0::/\n",
  "a slice alone": "0::/system.slice\n",
  "an id of 63 digits": `0::/docker/${ID.slice(1)}`,
  "an id of 65 digits": `0::/docker/a${ID}`,
  "an id in capitals": `0::/docker/${ID.toUpperCase()}`,
  "a short id": "0::/docker/a51a9f7d073f",
  "a runtime that is not known": `0::/buildkit/wonder-${ID}`,
  "Podman's own pod": `0::/machine.slice/machine-libpod_pod_${ID}.slice`,
  "LXC's monitor": "0::/lxc.monitor.web1",
  "a directory of the name lxc deeper down": "0::/test/lxc/thing",
  "a task of Fargate":
    "1:cpu:/ecs/35df2a54b1a34ebd8a66b8dd51ea1c6f/35df2a54b1a34ebd8a66b8dd51ea1c6f-1815842171",
  "a pod's uid with mixed separators":
    "0::/kubepods/pod15513b48_e7a5-48fc_b9e3-92f713f36504",
  "a uid without the word": `0::/kubepods/${UID}`,
  "no hierarchy": `/docker/${ID}`,
  "a number that is none": `x::/docker/${ID}`,
  "a unit with a character that no unit has":
    "0::/system.slice/\x1b[31m.service",
  "a unit without a name": "0::/system.slice/.service",
  "half a surrogate pair": "0::/\ud800/\udc00.scope",
};

for (const [what, text] of Object.entries(NOTHING)) {
  Deno.test(`cgroupIdentity() says nothing of ${what}`, () => {
    assertEquals(cgroupIdentity(text), NO_IDENTITY);
  });
}

Deno.test("cgroupIdentity() takes time by the length of a hostile text", () => {
  const long = "0::/" + "pod-".repeat(1 << 16) + "/" + "a-".repeat(1 << 16);
  assertEquals(cgroupIdentity(long), NO_IDENTITY);
  assertEquals(cgroupIdentity("0::/\n".repeat(1 << 16)), NO_IDENTITY);
});
