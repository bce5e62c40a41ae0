// Package onnxpb is ONNX's messages in Go: onnx.proto of the ONNX project's release 1.23.2,
// whose licence is beside it, and what protoc (of Python's grpcio-tools 1.76.0) and
// google.golang.org/protobuf/cmd/protoc-gen-go v1.36.12 make of it.
package onnxpb

//go:generate python3 -m grpc_tools.protoc --proto_path=. --go_out=. --go_opt=paths=source_relative --go_opt=Monnx.proto=example.com/pcn/internal/onnxpb onnx.proto
