// What a CPU build of torch lacks before tensors of the device cuda:0 can be indexed and copied: a guard that answers
// which device and stream are current. There is one device and one stream, and switching does nothing.
#include <c10/core/impl/DeviceGuardImplInterface.h>

using c10::Device;
using c10::DeviceType;
using c10::Stream;

struct OneDevice final : c10::impl::DeviceGuardImplInterface {
  static Device it() { return {DeviceType::CUDA, 0}; }

  DeviceType type() const override { return DeviceType::CUDA; }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  Device getDevice() const override { return it(); }
  Device exchangeDevice(Device) const override { return it(); }
  void setDevice(Device) const override {}
  void uncheckedSetDevice(Device) const noexcept override {}
  Stream getStream(Device) const noexcept override { return Stream(Stream::DEFAULT, it()); }
  Stream exchangeStream(Stream stream) const noexcept override { return stream; }
};

static OneDevice guard;
static c10::impl::DeviceGuardImplRegistrar registered(DeviceType::CUDA, &guard);
