/*
Copyright 2026 The sts-operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package admission_test

import "testing"

const (
	notOneIdentity = `spec: Invalid value: give exactly one identity: accessKey (an IAM user's long-term key), ` +
		`ambient: {} (the operator's own) or unsigned: {} (none, for assumeRoleWithWebIdentity and assumeRoleWithSAML only)`
	notForATenant = `spec: Invalid value: ambient is for a ClusterSessionIssuer only: it would lend the operator's own identity to ` +
		`this namespace; use accessKey`
	notARegion    = `region must be an AWS region code such as us-east-1, cn-north-1 or us-gov-west-1`
	notAWord      = `region may hold only printable ASCII characters without spaces and '/'`
	notAnEndpoint = `endpoint must be an http or https URL of a host, without query, fragment or user, such as ` +
		`https://sts.eu-central-1.amazonaws.com`
	noPath        = `spec: Invalid value: endpoint must have no path, such as https://sts.eu-central-1.amazonaws.com`
	noEndpoint    = `spec: Invalid value: service: Compatible needs endpoint: where that service is`
	notCompatible = `spec: Invalid value: service: Compatible excludes ambient and accountID: these are AWS's; use accessKey or unsigned: {}`
	notBoth       = `spec: Invalid value: fips and endpoint exclude each other: name the FIPS endpoint itself, or leave endpoint out`
	notANamespace = `allowedNamespaces.names must be names of namespaces: lower-case letters, digits and '-', at most 63 characters; ` +
		`to allow many use selector`
	notASelector = `spec.allowedNamespaces: Invalid value: allowedNamespaces.selector: the operator of a match expression is In or ` +
		`NotIn with values, or Exists or DoesNotExist without`
)

func TestSessionIssuerIdentity(t *testing.T) {
	ask(t, "SessionIssuer", map[string]candidate{
		"an access key is an identity":         {`{}`, ``},
		"the operator's own identity is not":   {`{accessKey: null, ambient: {}}`, notForATenant},
		"nor is it beside an access key":       {`ambient: {}`, notForATenant},
		"and beside one it is one too many":    {`ambient: {}`, notOneIdentity},
		"unsigned is an identity":              {with(unsigned), ``},
		"unsigned beside an access key is not": {`unsigned: {}`, notOneIdentity},
		"unsigned has no settings": {
			`{accessKey: null, unsigned: {region: eu-central-1}}`,
			`strict decoding error: unknown field "spec.unsigned.region"`,
		},
		"all three are two too many":       {`{ambient: {}, unsigned: {}}`, notOneIdentity},
		"a forgotten key is no identity":   {`accessKey: null`, notOneIdentity},
		"an access key must name a secret": {`accessKey: {}`, `spec.accessKey.secretRef: Required value`},
		"a secret must have a name":        {`accessKey: {secretRef: {}}`, `spec.accessKey.secretRef.name: Required value`},
		"a secret's name must not be empty": {
			`accessKey: {secretRef: {name: ""}}`,
			`spec.accessKey.secretRef.name in body should be at least 1 chars long`,
		},
		"a secret's name may have 253 characters": {`accessKey: {secretRef: {name: ` + name253 + `}}`, ``},
		"a secret's name must have less than 254": {
			`accessKey: {secretRef: {name: ` + name253 + `n}}`,
			`spec.accessKey.secretRef.name: Too long: may not be more than 253`,
		},
		"a secret must be one that can be": {
			`accessKey: {secretRef: {name: My_Key}}`,
			`spec.accessKey.secretRef.name: Invalid value: "My_Key": secretRef.name ` + notASubdomain,
		},
		"a secret must be of the own namespace": {
			`accessKey: {secretRef: {name: key, namespace: kube-system}}`,
			`strict decoding error: unknown field "spec.accessKey.secretRef.namespace"`,
		},
		"it is for its own namespace only": {`allowedNamespaces: {}`, `strict decoding error: unknown field "spec.allowedNamespaces"`},
	})
}

func TestClusterSessionIssuerIdentity(t *testing.T) {
	ask(t, "ClusterSessionIssuer", map[string]candidate{
		"the operator's own identity is one": {`{}`, ``},
		"an access key is an identity":       {`{ambient: null, accessKey: {secretRef: {name: key}}}`, ``},
		"unsigned is an identity":            {with(unsigned), ``},
		"there must be an identity":          {`ambient: null`, notOneIdentity},
		"an access key and ambient are two":  {`accessKey: {secretRef: {name: key}}`, notOneIdentity},
		"ambient and unsigned are two":       {`unsigned: {}`, notOneIdentity},
		"an access key and unsigned are two": {`{ambient: null, unsigned: {}, accessKey: {secretRef: {name: key}}}`, notOneIdentity},
		"all of them are too many":           {`{unsigned: {}, accessKey: {secretRef: {name: key}}}`, notOneIdentity},
		"the operator's own has no settings": {`ambient: {profile: prod}`, `strict decoding error: unknown field "spec.ambient.profile"`},
		"an access key is not in the issuer": {
			`{ambient: null, accessKey: {accessKeyID: AKIAIOSFODNN7EXAMPLE, secretRef: {name: key}}}`,
			`strict decoding error: unknown field "spec.accessKey.accessKeyID"`,
		},
		"a field must be known, and in place": {`names: [team-a]`, `strict decoding error: unknown field "spec.names"`},
	})
}

// bothKinds asks about what is the same in both kinds of issuer.
func bothKinds(t *testing.T, candidates map[string]candidate) {
	t.Helper()
	t.Run("SessionIssuer", func(t *testing.T) { ask(t, "SessionIssuer", candidates) })
	t.Run("ClusterSessionIssuer", func(t *testing.T) { ask(t, "ClusterSessionIssuer", candidates) })
}

func TestIssuerRegion(t *testing.T) {
	bothKinds(t, map[string]candidate{
		"a region may be commercial":               {`region: us-east-1`, ``},
		"a region may have a long name":            {`region: ap-southeast-7`, ``},
		"a region may have a number of two digits": {`region: ap-northeast-10`, ``},
		"a region may be of GovCloud":              {`region: us-gov-west-1`, ``},
		"a region may be of China":                 {`region: cn-north-1`, ``},
		"a region may be of the European cloud":    {`region: eusc-de-east-1`, ``},
		"a region may be of an isolated cloud":     {`region: us-isob-east-1`, ``},
		"a region must be given":                   {`region: null`, `spec.region: Required value`},
		"a region must not be empty":               {`region: ""`, `spec.region in body should be at least 1 chars long`},
		"a region must have less than 65":          {`region: us-` + text(60, "e") + `-1`, `spec.region: Too long: may not be more than 64`},
		"a region must not be the word global":     {`region: global`, `spec: Invalid value: ` + notARegion},
		"a region must not be another service's":   {`region: default`, `spec: Invalid value: ` + notARegion},
		"a region must not be in upper case":       {`region: US-EAST-1`, notARegion},
		"a region must not be a zone":              {`region: us-east-1a`, notARegion},
		"a region must not be where people think":  {`region: Frankfurt`, notARegion},
		"a region must not hold another host":      {`region: us-east-1.evil.example/-1`, notARegion},
	})
}

func TestIssuerEndpoint(t *testing.T) {
	bothKinds(t, map[string]candidate{
		"an endpoint may be of a VPC":              {`endpoint: "https://vpce-0123-abcd.sts.eu-central-1.vpce.amazonaws.com"`, ``},
		"an endpoint may be http, and have a port": {`endpoint: "http://sts-fake.default.svc:8080"`, ``},
		"an endpoint may be an IPv4 address":       {`endpoint: "http://127.0.0.1:4566"`, ``},
		"an endpoint may be an IPv6 address":       {`endpoint: "https://[2001:db8::1]:8443"`, ``},
		"an endpoint may end in a slash":           {`endpoint: "https://sts.example.com/"`, ``},
		"an endpoint may have 2048 characters":     {`endpoint: "https://` + text(2040, "h") + `"`, ``},
		"an endpoint must have less than 2049": {
			`endpoint: "https://` + text(2041, "h") + `"`,
			`spec.endpoint: Too long: may not be more than 2048`,
		},
		"an endpoint must not be empty":              {`endpoint: ""`, `spec.endpoint in body should be at least 1 chars long`},
		"an endpoint must be a URL":                  {`endpoint: "not a URL"`, `spec.endpoint: Invalid value: "not a URL": ` + notAnEndpoint},
		"an endpoint must not be a host alone":       {`endpoint: sts.example.com`, notAnEndpoint},
		"an endpoint must not be a host and a port":  {`endpoint: "sts.example.com:443"`, notAnEndpoint},
		"an endpoint must not be a path alone":       {`endpoint: /sts`, notAnEndpoint},
		"an endpoint must have a host":               {`endpoint: "https://"`, notAnEndpoint},
		"an endpoint must have more than a port":     {`endpoint: "https://:8443"`, notAnEndpoint},
		"an endpoint's port must be a number":        {`endpoint: "https://sts.example.com:https"`, notAnEndpoint},
		"an endpoint must not be ftp":                {`endpoint: "ftp://sts.example.com"`, notAnEndpoint},
		"an endpoint must not be a file":             {`endpoint: "file:///etc/passwd"`, notAnEndpoint},
		"an endpoint must not have a path":           {`endpoint: "https://sts.example.com/v1"`, noPath},
		"an endpoint must not have two slashes":      {`endpoint: "https://sts.example.com//"`, noPath},
		"an endpoint must not have a query":          {`endpoint: "https://sts.example.com?a=b"`, notAnEndpoint},
		"an endpoint must not have an empty query":   {`endpoint: "https://sts.example.com/?"`, notAnEndpoint},
		"an endpoint must not have a fragment":       {`endpoint: "https://sts.example.com#a"`, notAnEndpoint},
		"an endpoint must not have a user":           {`endpoint: "https://user:pass@sts.example.com"`, notAnEndpoint},
		"an endpoint must not hold a space":          {`endpoint: "https://sts. example.com"`, notAnEndpoint},
		"an endpoint must not hold a line feed":      {`endpoint: "https://sts.example.com\n"`, notAnEndpoint},
		"fips may be asked of the region's endpoint": {`fips: true`, ``},
		"fips may be said not to be":                 {`{fips: false, endpoint: "https://sts.example.com"}`, ``},
		"fips must not be asked of another endpoint": {`{fips: true, endpoint: "https://sts-fips.us-east-1.amazonaws.com"}`, notBoth},
	})
}

// compatible is an issuer of another service, with what else the fields say.
func compatible(fields ...string) string {
	return with(append([]string{accessKey, `service: Compatible, endpoint: "https://minio.example.com:9000"`}, fields...)...)
}

func TestIssuerService(t *testing.T) {
	bothKinds(t, map[string]candidate{
		"a service may be AWS":           {`service: AWS`, ``},
		"a service may be another":       {compatible(), ``},
		"a service is one of the two":    {`service: MinIO`, `spec.service: Unsupported value: "MinIO": supported values: "AWS", "Compatible"`},
		"a service must not be empty":    {`service: ""`, `spec.service: Unsupported value: ""`},
		"another has an endpoint":        {with(accessKey, `service: Compatible`), noEndpoint},
		"another may need no identity":   {with(unsigned, `service: Compatible, endpoint: "https://minio.example.com"`), ``},
		"another has no account":         {compatible(`accountID: "123456789012"`), notCompatible},
		"another has no ambient":         {with(ambient, `service: Compatible, endpoint: "https://minio.example.com"`), notCompatible},
		"another has a path":             {with(accessKey, `service: Compatible, endpoint: "https://ceph.example.com/sts/v1/"`), ``},
		"another has no query":           {with(accessKey, `service: Compatible, endpoint: "https://ceph.example.com/sts?a=b"`), notAnEndpoint},
		"another has no user":            {with(accessKey, `service: Compatible, endpoint: "https://a:b@ceph.example.com/sts"`), notAnEndpoint},
		"another may have any region":    {compatible(`region: default`), ``},
		"a region of a dash":             {compatible(`region: fr-par`), ``},
		"a region of one character":      {compatible(`region: x`), ``},
		"a region of 64 characters":      {compatible(`region: ` + text(64, "x")), ``},
		"a region in upper case":         {compatible(`region: US_East.1`), ``},
		"a region must not have a space": {compatible(`region: "a b"`), `spec.region: Invalid value: "a b": ` + notAWord},
		"a region must not have a slash": {compatible(`region: a/b`), notAWord},
		"a region has no umlaut":         {compatible(`region: köln`), notAWord},
		"AWS's regions stay as they are": {`{service: AWS, region: default}`, `spec: Invalid value: ` + notARegion},
		"AWS's endpoints have no path":   {`{service: AWS, endpoint: "https://sts.example.com/v1"}`, noPath},
	})
}

func TestIssuerVerificationInterval(t *testing.T) {
	bothKinds(t, map[string]candidate{
		"it may be asked every minute": {`verificationIntervalSeconds: 60`, ``},
		"it may be asked once a day":   {`verificationIntervalSeconds: 86400`, ``},
		"not every second": {
			`verificationIntervalSeconds: 59`, `spec.verificationIntervalSeconds in body should be greater than or equal to 60`,
		},
		"not once a week": {
			`verificationIntervalSeconds: 86401`, `spec.verificationIntervalSeconds in body should be less than or equal to 86400`,
		},
	})
}

func TestIssuerRequestsPerSecond(t *testing.T) {
	bothKinds(t, map[string]candidate{
		"there may be 1 request a second":    {`requestsPerSecond: 1`, ``},
		"there may be 600 requests a second": {`requestsPerSecond: 600`, ``},
		"there must be more than 0": {
			`requestsPerSecond: 0`,
			`spec.requestsPerSecond in body should be greater than or equal to 1`,
		},
		"there must be less than 601, the quota": {
			`requestsPerSecond: 601`,
			`spec.requestsPerSecond in body should be less than or equal to 600`,
		},
		"a field must be known": {`roleArn: x`, `strict decoding error: unknown field "spec.roleArn"`},
		"a field of a field must be known, as well": {
			`accessKey: {secretRef: {name: key, key: id}}`,
			`strict decoding error: unknown field "spec.accessKey.secretRef.key"`,
		},
	})
}

func TestClusterSessionIssuerControllerName(t *testing.T) {
	const notAName = `controllerName may hold only letters, digits and ._/-, such as sts-operator.dev/sts-operator-system`
	ask(t, "ClusterSessionIssuer", map[string]candidate{
		"an issuer may belong to an installation": {`controllerName: sts-operator.dev/sts-operator-system`, ``},
		"a name may be a single letter":           {`controllerName: a`, ``},
		"a name may have 253 characters":          {`controllerName: ` + text(253, "n"), ``},
		"a name must have less than 254":          {`controllerName: ` + text(254, "n"), `spec.controllerName: Too long: may not be more than 253`},
		"a name must not be empty":                {`controllerName: ""`, `spec.controllerName in body should be at least 1 chars long`},
		"a name must not hold a space":            {`controllerName: a b`, notAName},
		"a name must not begin with a slash":      {`controllerName: /a`, notAName},
		"a name must not end with a dot":          {`controllerName: a.`, notAName},
	})
	ask(t, "SessionIssuer", map[string]candidate{
		"the issuer of a namespace belongs to whoever serves that": {`controllerName: a`, `strict decoding error: unknown field "spec.controllerName"`},
	})
}

func TestClusterSessionIssuerAllowedNamespaces(t *testing.T) {
	selector := func(expression string) string {
		return `allowedNamespaces: {selector: {matchExpressions: [{` + expression + `}]}}`
	}
	ask(t, "ClusterSessionIssuer", map[string]candidate{
		"every namespace may be allowed":           {`allowedNamespaces: {}`, ``},
		"namespaces may be allowed by name":        {`allowedNamespaces: {names: [team-a, 0b]}`, ``},
		"namespaces may be allowed by label":       {`allowedNamespaces: {selector: {matchLabels: {team: a}}}`, ``},
		"namespaces may be allowed by either":      {`allowedNamespaces: {names: [a], selector: {matchLabels: {team: a}}}`, ``},
		"an empty selector allows every namespace": {`allowedNamespaces: {selector: {}}`, ``},
		"there may be 256 names":                   {`allowedNamespaces: {names: [` + many(256, `n%d`) + `]}`, ``},
		"there must be less than 257 names": {
			`allowedNamespaces: {names: [` + many(257, `n%d`) + `]}`,
			`spec.allowedNamespaces.names: Too many: 257: must have at most 256 items`,
		},
		"names must not be an empty list": {
			`allowedNamespaces: {names: []}`,
			`spec.allowedNamespaces.names in body should have at least 1 items`,
		},
		"no name may be there twice": {
			`allowedNamespaces: {names: [a, a]}`,
			`spec.allowedNamespaces.names[1]: Duplicate value: "a"`,
		},
		"a name may have 63 characters": {`allowedNamespaces: {names: [` + text(63, "n") + `]}`, ``},
		"a name must have less than 64": {
			`allowedNamespaces: {names: [` + text(64, "n") + `]}`,
			`spec.allowedNamespaces.names[0]: Too long: may not be more than 63`,
		},
		"a name must not be empty": {
			`allowedNamespaces: {names: [""]}`,
			`spec.allowedNamespaces.names[0] in body should be at least 1 chars long`,
		},
		"a name must not be a pattern": {
			`allowedNamespaces: {names: ["team-*"]}`,
			`spec.allowedNamespaces.names[0]: Invalid value: "team-*": ` + notANamespace,
		},
		"a name must not be in upper case":            {`allowedNamespaces: {names: [Team]}`, notANamespace},
		"In may have values":                          {selector(`key: team, operator: In, values: [a]`), ``},
		"NotIn may have values":                       {selector(`key: team, operator: NotIn, values: [a]`), ``},
		"Exists may have none":                        {selector(`key: team, operator: Exists`), ``},
		"DoesNotExist may have an empty list of them": {selector(`key: team, operator: DoesNotExist, values: []`), ``},
		"In must have values":                         {selector(`key: team, operator: In`), notASelector},
		"NotIn must have more than an empty list":     {selector(`key: team, operator: NotIn, values: []`), notASelector},
		"Exists must not have values":                 {selector(`key: team, operator: Exists, values: [a]`), notASelector},
		"an operator must be one of the four":         {selector(`key: team, operator: Equals, values: [a]`), notASelector},
		"an expression must have a key": {
			selector(`operator: Exists`),
			`spec.allowedNamespaces.selector.matchExpressions[0].key: Required value`,
		},
		"a misspelt selector must not allow everybody": {
			`allowedNamespaces: {selectors: {}}`,
			`strict decoding error: unknown field "spec.allowedNamespaces.selectors"`,
		},
	})
}
