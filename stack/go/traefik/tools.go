//go:build tools

// Package tools names the program to build, so that go.mod and go.sum pin all of it.
package tools

import _ "github.com/traefik/traefik/v3/cmd/traefik"
