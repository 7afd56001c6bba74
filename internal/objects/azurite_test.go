package objects_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
)

// azurite names the variable that holds the path of Microsoft's own server of
// the protocol, which scripts/azurite prints.
const azurite = "LLAMAEVAL_AZURITE"

// The account that every Azurite has.
const (
	azureAccount = "devstoreaccount1"
	azureKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

func TestAzureServer(t *testing.T) {
	program := os.Getenv(azurite)
	if program == "" {
		t.Skipf("%s is not set: scripts/azurite installs a server", azurite)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir := t.TempDir()
	cmd := exec.Command(program, "--silent", "--location", dir, "--blobHost", "127.0.0.1", "--blobPort", fmt.Sprint(port))
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
		_ = log.Close()
	})
	connection := fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=http://127.0.0.1:%d/%s;", azureAccount, azureKey, port, azureAccount)
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
	createContainer(t, connection)
	testStore(t, "azblob://results")
	testErrors(t, map[string]failing{
		"no container":   {"azblob://elsewhere/x", nil, "azblob://elsewhere/x/y: there is no bucket elsewhere"},
		"no credentials": {"azblob://other1/x", []string{"AZURE_STORAGE_CONNECTION_STRING", ""}, "azblob://other1/x: no credentials for azblob:// in the environment: set AZURE_STORAGE_CONNECTION_STRING"},
		"bad connection": {"azblob://other2/x", []string{"AZURE_STORAGE_CONNECTION_STRING", "AccountKey=secret"}, "is not a connection string"},
		"wrong key": {"azblob://other3/x", []string{"AZURE_STORAGE_CONNECTION_STRING",
			fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:%d/%s;", azureAccount, port, azureAccount)},
			"access denied (Auth"},
		"no server": {"azblob://other4/x", []string{"AZURE_STORAGE_CONNECTION_STRING",
			"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:1/a;"}, "the store cannot be reached"},
	})
}

func createContainer(t *testing.T, connection string) {
	client, err := azblob.NewClientFromConnectionString(connection, &azblob.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}})
	if err != nil {
		t.Fatal(err)
	}
	for range 900 { // three minutes, on a machine that does much else
		if _, err = client.CreateContainer(context.Background(), "results", nil); err == nil {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal(err)
}
